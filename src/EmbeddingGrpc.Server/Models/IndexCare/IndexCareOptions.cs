using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>How the indexes of the serving generation are looked after.</summary>
public sealed record IndexCareOptions
{
    /// <summary>
    /// Items a second that are searched for by themselves in each of the two indexes, in turn; 0 for none. Fewer the busier the daemon is, and a tenth of them where it uses half of its
    /// processors.
    /// </summary>
    [Range(0, 100_000)]
    public int ProbesASecond { get; init; } = 100;

    /// <summary>How often recall is measured against exact search; zero for never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan MeasureEvery { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How far the thread that does it steps back behind requests: 0 (not at all) to 19, as in nice(1). The daemon's default model says it for all.</summary>
    [Range(0, 19)]
    public int Niceness { get; init; } = 15;
}
