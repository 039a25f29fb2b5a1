using System.Globalization;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Tests.Models.Settings;

public sealed class OptionTextTests
{
    private static readonly ModelOptions Defaults = new();

    [Fact]
    public void All_Always_ReachIntoEverySection()
    {
        var names = OptionText.All.Select(option => option.Name).ToList();

        Assert.All(
            ["SessionGap", "TrainOn.Dislike", "Training.Dimension", "Training.WindowMode", "Index.M", "Log.SegmentSizeBytes"],
            name => Assert.Contains(name, names));
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void With_EveryOptionAsRead_GivesTheSameOptions()
    {
        var options = Defaults with { SessionGap = TimeSpan.FromMinutes(30), Training = Defaults.Training with { Dimension = 64, NoiseExponent = -0.5 } };

        var again = OptionText.With(Defaults, OptionText.Read(options), out var canonical);

        Assert.Equal(options, again);
        Assert.Equal(OptionText.All.Count, canonical.Count);
    }

    [Fact]
    public void With_EveryOptionChanged_ReachesItsProperty()
    {
        foreach (var option in OptionText.All)
        {
            var value = Another(option);
            var options = OptionText.With(Defaults, new Dictionary<string, string> { [option.Name.ToUpperInvariant()] = value }, out var canonical);

            Assert.NotEqual(option.Read(Defaults), option.Read(options));
            Assert.Equal([KeyValuePair.Create(option.Name, value)], canonical);
            Assert.Equal([option.Name], OptionText.Differences(OptionText.Read(Defaults), OptionText.Read(options), option.Effect));
        }
    }

    [Fact]
    public void With_Preset_SetsWhatIsNotSetItself()
    {
        var given = new Dictionary<string, string> { ["preset"] = "word2vec", ["Training.Window"] = "7" };

        var options = OptionText.With(Defaults with { Training = Defaults.Training with { Epochs = 9, Dimension = 33 } }, given, out var canonical);

        // What the presets do not differ in stays the daemon's.
        Assert.Equal(TrainingOptions.Word2vec with { Window = 7, Dimension = 33 }, options.Training);
        Assert.Equal(TrainingPreset.Word2vec, options.Preset);
        // Kept as it was said: a preset of a later version means the same.
        Assert.Equal(["Preset", "Training.Window"], canonical.Keys);
    }

    [Fact]
    public void With_PresetOfADaemonThatHasAnother_IsTheModelsOwn()
    {
        var word2vec = Defaults with { Preset = TrainingPreset.Word2vec, Training = TrainingOptions.Word2vec };

        Assert.Equal(word2vec.Training, OptionText.With(word2vec, new Dictionary<string, string>(), out _).Training);
        Assert.Equal(new TrainingOptions(), OptionText.With(word2vec, new Dictionary<string, string> { ["Preset"] = "Recommendation" }, out _).Training);
    }

    [Fact]
    public void With_UnknownPreset_TellsThoseThatExist()
    {
        var violation = Assert.Single(Refused(new() { ["Preset"] = "glove" }).Violations);

        Assert.Equal(("Preset", "is 'glove'; must be one of Recommendation, Word2vec"), (violation.Name, violation.Description));
    }

    [Theory]
    [InlineData("Training.Dimension", "1", "must be a whole number, 2 to 1024")]
    [InlineData("Training.Dimension", "many", "must be a whole number, 2 to 1024")]
    [InlineData("Training.Dimension", "", "must be a whole number")]
    [InlineData("Training.Dimension", "64.5", "must be a whole number")]
    [InlineData("Training.Dimension", "99999999999999999999", "must be a whole number")]
    [InlineData("Training.LearningRate", "NaN", "must be a number")]
    [InlineData("Training.LearningRate", "Infinity", "must be a number")]
    [InlineData("Training.WindowMode", "Sideways", "must be one of Shrinking")]
    [InlineData("Training.WindowMode", "99", "must be one of Shrinking")]
    [InlineData("Training.Seed", "-1", "must be a whole number")]
    [InlineData("SessionGap", "-00:30:00", "must be a duration")]
    [InlineData("SessionGap", "soon", "must be a duration such as 00:30:00")]
    [InlineData("TrainOn.Dislike", "perhaps", "must be true or false")]
    public void With_BadValue_SaysWhatItMustBe(string name, string value, string expected)
    {
        var error = Refused(new() { [name] = value });

        Assert.Equal(name, Assert.Single(error.Violations).Name);
        Assert.Contains($"is '{value}'; {expected}", error.Violations[0].Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Dimension", "did you mean Training.Dimension?")]
    [InlineData("Index.Dimension", "did you mean Training.Dimension?")]
    [InlineData("Magic", "ListModelOptions")]
    [InlineData("", "ListModelOptions")]
    public void With_UnknownOption_IsRefusedByNameWithAHint(string name, string hint)
    {
        var error = Refused(new() { [name] = "1" });

        Assert.Equal(name, Assert.Single(error.Violations).Name);
        Assert.Contains(hint, error.Violations[0].Description, StringComparison.Ordinal);
    }

    [Fact]
    public void With_SeveralFaults_NamesThemAll()
    {
        var error = Refused(new() { ["Training.Dimension"] = "1", ["Nonsense"] = "x", ["Index.M"] = "1000" });

        Assert.Equal(["Index.M", "Nonsense", "Training.Dimension"], error.Violations.Select(violation => violation.Name).Order());
    }

    [Fact]
    public void With_OptionsThatContradictEachOther_NamesBoth()
    {
        var error = Refused(new() { ["Index.M"] = "64", ["Index.EfConstruction"] = "32" });

        Assert.Equal("Index.EfConstruction", Assert.Single(error.Violations).Name);
        Assert.Contains("Index.M (64)", error.Violations[0].Description, StringComparison.Ordinal);
    }

    [Fact]
    public void With_OptionsThatTheTrainerRefusesTogether_TellsWhy()
    {
        var error = Refused(new() { ["Training.MaximumVocabulary"] = "100", ["Training.Objective"] = "SkipGramHierarchicalSoftmax", ["FoldIn.Enabled"] = "false" });

        Assert.Contains("MaximumVocabulary", Assert.Single(error.Violations).Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("VectorSource", "Output")]
    [InlineData("VectorSource", "Sum")]
    [InlineData("FoldIn.Enabled", "true")]
    public void With_HierarchicalSoftmax_RefusesByNameWhatNeedsOutputVectors(string name, string value)
    {
        var options = new Dictionary<string, string> { ["FoldIn.Enabled"] = "false", ["Training.Objective"] = "CbowHierarchicalSoftmax" };
        options[name] = value;

        var violation = Assert.Single(Refused(options).Violations);

        Assert.Equal(name, violation.Name);
        Assert.Contains("needs output vectors (W2) of items; with Training.Objective CbowHierarchicalSoftmax", violation.Description, StringComparison.Ordinal);
        options[name] = name == "FoldIn.Enabled" ? "false" : "Input";
        Assert.Equal(TrainingObjective.CbowHierarchicalSoftmax, OptionText.With(Defaults, options, out _).Training.Objective);
    }

    [Fact]
    public void With_SameOptionInTwoCases_IsRefused() =>
        Assert.Contains("twice", Refused(new() { ["Index.M"] = "16", ["index.m"] = "32" }).Message, StringComparison.Ordinal);

    [Fact]
    public void Canonical_UnknownName_IsRefused()
    {
        Assert.Equal(["Training.Dimension"], OptionText.Canonical(["training.dimension"]));
        Assert.Throws<InvalidModelOptionsException>(() => OptionText.Canonical(["Index.M", "Nonsense"]));
    }

    private static InvalidModelOptionsException Refused(Dictionary<string, string> values) =>
        Assert.Throws<InvalidModelOptionsException>(() => OptionText.With(Defaults, values, out _));

    // Some valid value that is not the default.
    private static string Another(OptionDescriptor option)
    {
        var now = option.Read(Defaults);
        string[] candidates = option.ValueType switch
        {
            { IsEnum: true } => [.. option.AllowedValues],
            _ when option.ValueType == typeof(bool) => ["true", "false", "True", "False"],
            _ when option.ValueType == typeof(TimeSpan) => ["01:23:00", "02:00:00"],
            _ => ["3", "17", "250", "100000", (1L << 30).ToString(CultureInfo.InvariantCulture), "0.125", "0.5"],
        };
        return candidates.First(candidate => option.Check(candidate) is null && !candidate.Equals(now, StringComparison.OrdinalIgnoreCase)
            && OptionConsistency.Check(Changed(option.Name, candidate)).ToList() is []);
    }

    private static ModelOptions Changed(string name, string value)
    {
        try
        {
            return OptionText.With(Defaults, new Dictionary<string, string> { [name] = value }, out _);
        }
        catch (InvalidModelOptionsException)
        {
            return Defaults with { Index = Defaults.Index with { EfConstruction = 8, M = 128 } };
        }
    }
}
