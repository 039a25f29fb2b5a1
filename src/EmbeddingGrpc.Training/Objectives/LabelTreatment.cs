namespace EmbeddingGrpc.Training;

/// <summary>How a full softmax treats the contexts of a center.</summary>
public enum LabelTreatment
{
    /// <summary>One step towards one target: all contexts of the center at once, their weights normalised to sum to one.</summary>
    MultiHot,

    /// <summary>A step for each context, towards it alone.</summary>
    OneHotPairs,
}
