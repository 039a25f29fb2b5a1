using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.Settings;

/// <summary>What <see cref="ModelOptions.Preset"/> makes of the options that it stands for. They are set where they are not set themselves. Stateless.</summary>
internal static class PresetValues
{
    private static readonly Lazy<Dictionary<TrainingPreset, SortedDictionary<string, string>>> All = new(() =>
    {
        var read = Enum.GetValues<TrainingPreset>().ToDictionary(preset => preset, preset => OptionText.Read(new ModelOptions { Training = TrainingOptions.Of(preset) }));
        var differing = OptionText.All.Select(option => option.Name).Where(name => read.Values.Select(values => values[name]).Distinct().Count() > 1).ToList();
        return read.ToDictionary(
            pair => pair.Key, pair => new SortedDictionary<string, string>(differing.ToDictionary(name => name, name => pair.Value[name]), StringComparer.Ordinal));
    });

    /// <summary>Option name, such as <c>Training.Window</c>, to value: the same names for every preset.</summary>
    public static IReadOnlyDictionary<string, string> Of(TrainingPreset preset) => All.Value[preset];

    /// <summary>Sets what a configuration's preset stands for, before the configuration's own settings are bound. A text that is no preset is left to the binder to refuse.</summary>
    /// <param name="section">The model's section.</param>
    /// <param name="options">Changed.</param>
    public static void Bind(IConfiguration section, ModelOptions options)
    {
        if (!Enum.TryParse(section[nameof(ModelOptions.Preset)], ignoreCase: true, out TrainingPreset preset) || !Enum.IsDefined(preset)) return;
        new ConfigurationBuilder()
            .AddInMemoryCollection(Of(preset).Select(pair => KeyValuePair.Create(pair.Key.Replace('.', ':'), (string?)pair.Value)))
            .Build()
            .Bind(options);
    }
}
