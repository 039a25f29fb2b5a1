using System.Globalization;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>One look at a daemon's <c>/metrics</c>.</summary>
internal sealed class DaemonMetrics(string page)
{
    private readonly string[] _series = [.. page.Split('\n').Where(line => line.Length > 0 && line[0] != '#')];

    /// <summary>Names of all series, with what the exporter puts behind them, such as <c>_bucket</c>.</summary>
    public IReadOnlySet<string> Names { get; } = page.Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line[..line.IndexOfAny(['{', ' '])])
        .ToHashSet(StringComparer.Ordinal);

    public static async Task<DaemonMetrics> ScrapeAsync(DaemonProcess daemon, CancellationToken cancellationToken) =>
        new(await daemon.Http.GetStringAsync("/metrics", cancellationToken));

    /// <summary>The value of the only series of that name whose labels contain a text.</summary>
    public double Of(string name, string label = "") => Assert.Single(Values(name, label));

    /// <summary>The sum of all series of that name whose labels contain a text; 0 where there is none.</summary>
    public double SumOf(string name, string label = "") => Values(name, label).Sum();

    private IEnumerable<double> Values(string name, string label) => _series
        .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
        .Select(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
}
