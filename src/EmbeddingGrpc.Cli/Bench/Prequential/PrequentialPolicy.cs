namespace EmbeddingGrpc.Cli.Bench.Prequential;

/// <summary>How a model keeps up with what happens.</summary>
/// <param name="Model">The model's name in the replay's daemon.</param>
/// <param name="Name">What it is called in tables.</param>
/// <param name="FoldsIn">Whether new items are folded in between trainings.</param>
/// <param name="Retrains">Whether it is trained again and again.</param>
internal sealed record PrequentialPolicy(string Model, string Name, bool FoldsIn, bool Retrains)
{
    /// <summary>All that are compared.</summary>
    public static IReadOnlyList<PrequentialPolicy> All { get; } =
    [
        new("once", "trained once", FoldsIn: false, Retrains: false),
        new("folded", "trained once, fold-in", FoldsIn: true, Retrains: false),
        new("retrained", "retrained", FoldsIn: false, Retrains: true),
        new("both", "retrained, fold-in", FoldsIn: true, Retrains: true),
    ];
}
