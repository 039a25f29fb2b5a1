using System.Globalization;
using System.Text.RegularExpressions;

namespace EmbeddingGrpc.Cli.Status;

/// <summary>A page of metrics in Prometheus' text format, as the daemon's HTTP port serves it. Immutable.</summary>
internal sealed partial class MetricsPage
{
    private readonly List<Sample> _samples;

    private MetricsPage(List<Sample> samples) => _samples = samples;

    /// <summary>Reads a page. Lines that are no samples are passed over.</summary>
    public static MetricsPage Parse(string text)
    {
        var samples = new List<Sample>();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var match = SampleLine().Match(line.ToString());
            if (!match.Success || !double.TryParse(match.Groups["value"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) continue;
            var labels = Label().Matches(match.Groups["labels"].Value).ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value);
            samples.Add(new Sample(match.Groups["name"].Value, labels, value));
        }
        return new MetricsPage(samples);
    }

    /// <summary>The sum of a metric over all label values but those given.</summary>
    public double Sum(string name, params IReadOnlyList<(string Label, string Value)> where) =>
        _samples.Where(sample => sample.Name == name && sample.Has(where)).Sum(sample => sample.Value);

    /// <summary>The bound below which this share of a histogram's values lies: the upper end of its bucket; null for a histogram without values.</summary>
    /// <param name="name">Of the histogram, without <c>_bucket</c>.</param>
    /// <param name="share">0..1.</param>
    public double? Quantile(string name, double share)
    {
        var buckets = _samples
            .Where(sample => sample.Name == name + "_bucket" && sample.Labels.ContainsKey("le"))
            .GroupBy(sample => Bound(sample.Labels["le"]))
            .Select(bucket => (Bound: bucket.Key, Count: bucket.Sum(sample => sample.Value)))
            .OrderBy(bucket => bucket.Bound)
            .ToList();
        if (buckets.Count == 0 || buckets[^1].Count == 0) return null;
        return buckets.First(bucket => bucket.Count >= share * buckets[^1].Count).Bound;
    }

    private static double Bound(string text) => text == "+Inf" ? double.PositiveInfinity : double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private sealed record Sample(string Name, Dictionary<string, string> Labels, double Value)
    {
        public bool Has(IEnumerable<(string Label, string Value)> where) => where.All(wanted => Labels.GetValueOrDefault(wanted.Label) == wanted.Value);
    }

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)""")]
    private static partial Regex SampleLine();

    [GeneratedRegex("""(?<name>\w+)="(?<value>(?:[^"\\]|\\.)*)"(?:,|$)""")]
    private static partial Regex Label();
}
