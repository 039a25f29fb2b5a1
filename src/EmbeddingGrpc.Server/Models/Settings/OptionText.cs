using System.Reflection;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.Settings;

/// <summary>
/// A model's options as names and texts, the same as in a configuration file, so that a new option of any room can be set, told and compared
/// without a change here. Stateless.
/// </summary>
public static class OptionText
{
    // Everything else takes effect with the next training. What the preset stands for is compared option by option.
    private static readonly string[] AtOnce =
        [nameof(ModelOptions.Preset), nameof(ModelOptions.FoldIn), nameof(ModelOptions.Promotion), nameof(ModelOptions.Retrain), nameof(ModelOptions.IndexCare), nameof(ModelOptions.KeepGenerations), nameof(ModelOptions.MappedGenerations), nameof(ModelOptions.TrainingNiceness), "Training.Threads", "Training.Niceness", "Index.BuildThreads"];

    private static readonly string[] AtRestart = [nameof(ModelOptions.HistoryLength), nameof(ModelOptions.MaximumUsers), nameof(ModelOptions.Log)];

    /// <summary>All options, in the order of their declaration.</summary>
    public static IReadOnlyList<OptionDescriptor> All { get; } = [.. Describe(typeof(ModelOptions), [])];

    private static Dictionary<string, OptionDescriptor> ByName { get; } = All.ToDictionary(option => option.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Every option's value.</summary>
    public static SortedDictionary<string, string> Read(ModelOptions options) =>
        new(All.ToDictionary(option => option.Name, option => option.Read(options)), StringComparer.Ordinal);

    /// <summary>The values of the options that make a generation what it is.</summary>
    public static SortedDictionary<string, string> ReadTrained(ModelOptions options) =>
        new(All.Where(option => option.Effect == OptionEffect.NextTraining).ToDictionary(option => option.Name, option => option.Read(options)), StringComparer.Ordinal);

    /// <summary>Sets options by name, whatever its case, and checks the whole. A preset goes before the defaults, and what is set itself before the preset.</summary>
    /// <param name="defaults">Values of the options that are not set.</param>
    /// <param name="values">Name to text.</param>
    /// <param name="canonical">The same values under the names as declared.</param>
    /// <exception cref="InvalidModelOptionsException">One is unknown, cannot be read, is out of bounds, or contradicts another.</exception>
    public static ModelOptions With(ModelOptions defaults, IReadOnlyDictionary<string, string> values, out SortedDictionary<string, string> canonical)
    {
        ArgumentNullException.ThrowIfNull(values);
        canonical = new(StringComparer.Ordinal);
        var violations = new List<OptionViolation>();
        foreach (var (name, text) in values)
        {
            if (!ByName.TryGetValue(name, out var option)) violations.Add(new(name, Unknown(name)));
            else if (option.Check(text) is { } wrong) violations.Add(new(option.Name, wrong));
            else if (!canonical.TryAdd(option.Name, text)) violations.Add(new(option.Name, "is set twice, in different case"));
        }

        ThrowIfAny(violations);
        var all = Read(defaults);
        if (canonical.TryGetValue(nameof(ModelOptions.Preset), out var preset))
        {
            foreach (var (name, text) in PresetValues.Of(Enum.Parse<TrainingPreset>(preset, ignoreCase: true))) all[name] = text;
        }

        foreach (var (name, text) in canonical) all[name] = text;
        var options = new ConfigurationBuilder()
            .AddInMemoryCollection(all.Select(pair => KeyValuePair.Create(pair.Key.Replace('.', ':'), (string?)pair.Value)))
            .Build()
            .Get<ModelOptions>()!;
        violations.AddRange(OptionConsistency.Check(options));
        ThrowIfAny(violations);
        return options;
    }

    /// <summary>The names under which options are declared.</summary>
    /// <exception cref="InvalidModelOptionsException">One does not exist.</exception>
    public static IReadOnlyList<string> Canonical(IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        ThrowIfAny([.. names.Where(name => !ByName.ContainsKey(name)).Select(name => new OptionViolation(name, Unknown(name)))]);
        return [.. names.Select(name => ByName[name].Name)];
    }

    /// <summary>Names of the options of one effect whose values differ.</summary>
    public static IReadOnlyList<string> Differences(
        IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after, OptionEffect effect) =>
    [
        .. All.Where(option => option.Effect == effect)
            .Select(option => option.Name)
            .Where(name => before.GetValueOrDefault(name, string.Empty) != after.GetValueOrDefault(name, string.Empty)),
    ];

    private static IEnumerable<OptionDescriptor> Describe(Type type, IReadOnlyList<PropertyInfo> above)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (!property.CanWrite) continue;
            PropertyInfo[] path = [.. above, property];
            if (IsSection(property.PropertyType))
            {
                foreach (var nested in Describe(property.PropertyType, path)) yield return nested;
            }
            else
            {
                yield return new OptionDescriptor(path, EffectOf(path));
            }
        }
    }

    private static OptionEffect EffectOf(PropertyInfo[] path)
    {
        if (AtRestart.Contains(path[0].Name)) return OptionEffect.Restart;
        if (AtOnce.Contains(path[0].Name)) return OptionEffect.AtOnce;
        return AtOnce.Contains(string.Join('.', path.Select(step => step.Name))) ? OptionEffect.AtOnce : OptionEffect.NextTraining;
    }

    private static bool IsSection(Type type) => type.IsClass && type != typeof(string);

    private static string Unknown(string name)
    {
        var tail = name[(name.LastIndexOf('.') + 1)..];
        var alike = All.FirstOrDefault(option => option.Name.EndsWith('.' + tail, StringComparison.OrdinalIgnoreCase));
        return alike is null ? "does not exist; ListModelOptions tells those that do" : $"does not exist; did you mean {alike.Name}?";
    }

    private static void ThrowIfAny(List<OptionViolation> violations)
    {
        if (violations.Count > 0) throw new InvalidModelOptionsException(violations);
    }
}
