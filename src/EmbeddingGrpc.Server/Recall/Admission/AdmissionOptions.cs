using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Recall.Admission;

/// <summary>How much recall work is taken at once. Configuration section <c>EmbeddingGrpc:Recall:Admission</c>.</summary>
public sealed record AdmissionOptions
{
    /// <summary>Name of the configuration section below <c>EmbeddingGrpc</c>.</summary>
    public const string Section = "Recall:Admission";

    /// <summary>Searches that run at once; 0 means one for each processor. More only makes all of them slower.</summary>
    [Range(0, 1024)]
    public int MaximumSearches { get; init; }

    /// <summary>
    /// How long a search may wait for its turn. One that would wait longer, by what searches took lately, is refused at once with RESOURCE_EXHAUSTED: beyond the
    /// daemon's capacity those that are answered are answered soon.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan MaximumWait { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Searches that may wait, however short the wait; each holds a call's memory.</summary>
    [Range(1, 1_000_000)]
    public int MaximumWaiting { get; init; } = 2000;

    /// <summary>Requests of one recall stream that are answered at once; further ones wait in flow control.</summary>
    [Range(1, 100_000)]
    public int StreamInFlight { get; init; } = 64;
}
