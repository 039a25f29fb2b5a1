using System.Text.Json.Nodes;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Admission;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>The chart offers the settings that the daemon has, with the daemon's bounds: no more, no less.</summary>
public sealed class ChartSettingsTests
{
    private static readonly (string Section, Type Options)[] Sections =
    [
        ("", typeof(DaemonOptions)),
        ("Model", typeof(ModelOptions)),
        (IngestOptions.Section, typeof(IngestOptions)),
        ("Recall", typeof(RecallOptions)),
        (AdmissionOptions.Section, typeof(AdmissionOptions)),
        (RecallCacheOptions.Section, typeof(RecallCacheOptions)),
        (RedisOptions.Section, typeof(RedisOptions)),
    ];

    private static readonly string[] TheChartsOwn =
    [
        nameof(DaemonOptions.Listen), nameof(DaemonOptions.DataDirectory), nameof(DaemonOptions.GrpcPort), nameof(DaemonOptions.HttpPort),
        nameof(DaemonOptions.Tls), nameof(DaemonOptions.LoggingFile), nameof(DaemonOptions.AccessKeysFile),
    ];

    [Fact]
    public void Schema_OfSettings_IsThatOfTheDaemonsOptions()
    {
        var expected = OptionsSchema.Of(Sections);
        var daemon = (JsonObject)expected["properties"]!;
        foreach (var own in TheChartsOwn) daemon.Remove(own);
        // The chart keeps it in a Secret.
        ((JsonObject)daemon[RedisOptions.Section]!["properties"]!).Remove(nameof(RedisOptions.Configuration));

        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(HelmChart.Folder, "values.schema.json")))!;
        var actual = schema["properties"]!["settings"];
        Assert.True(JsonNode.DeepEquals(expected, actual), $"properties.settings of values.schema.json should be:\n{expected}");
    }

    [Fact]
    public void Sections_OfTheDaemon_AreAllInTheChart()
    {
        var validated = typeof(DaemonHost).Assembly.GetTypes()
            .SelectMany(type => type.GetInterfaces())
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IValidateOptions<>))
            .Select(i => i.GenericTypeArguments[0])
            .Distinct();
        Assert.Equal(validated.Select(t => t.Name).Order(), Sections.Select(s => s.Options.Name).Order());
    }
}
