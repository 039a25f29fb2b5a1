namespace EmbeddingGrpc.Training;

/// <summary>Which items around a center are its contexts.</summary>
public enum WindowMode
{
    /// <summary>On each side a number drawn between one and the window, so that near items count more: word2vec.</summary>
    Shrinking,

    /// <summary>On each side the whole window.</summary>
    Fixed,

    /// <summary>All other items of the session, in any distance: Item2vec (Barkan and Koenigstein 2016).</summary>
    Session,
}
