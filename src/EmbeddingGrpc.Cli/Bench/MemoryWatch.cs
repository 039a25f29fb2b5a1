using EmbeddingGrpc.Cli.Status;

namespace EmbeddingGrpc.Cli.Bench;

/// <summary>
/// Looks at a daemon's memory before, during and after a load: once a second what of it is in RAM, from its <c>/metrics</c>. Figures are null where
/// no page told any. One thread at a time.
/// </summary>
/// <param name="http">Has the daemon's HTTP address as its base address.</param>
internal sealed class MemoryWatch(HttpClient http)
{
    private const string Resident = "embeddinggrpc_memory_resident_bytes";

    private readonly List<double> _megabytes = [];

    /// <summary>What was in RAM before the load, in MB.</summary>
    public double? Start => Rounded(0);

    /// <summary>When half of the load was over: what is more at the end than here was not needed for the first half.</summary>
    public double? Middle => Rounded(_megabytes.Count / 2);

    /// <summary>After the load.</summary>
    public double? End => Rounded(_megabytes.Count - 1);

    /// <summary>The most that was seen.</summary>
    public double? Peak => _megabytes.Count == 0 ? null : Math.Round(_megabytes.Max(), 1);

    /// <summary>Looks once.</summary>
    /// <exception cref="HttpRequestException">The daemon's HTTP port cannot be reached.</exception>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var page = MetricsPage.Parse(await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellationToken));
        // A page that was made while instruments came or went may lack it, and that is no measurement: a process without memory answers nothing.
        if (page.Sum(Resident) is > 0 and var bytes) _megabytes.Add(bytes / 1e6);
    }

    /// <summary>Looks every second until it is cancelled.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken)) await LookAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The load is over.
        }
    }

    private double? Rounded(int look) => _megabytes.Count == 0 ? null : Math.Round(_megabytes[look], 1);
}
