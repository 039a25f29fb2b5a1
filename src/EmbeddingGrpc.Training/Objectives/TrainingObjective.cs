namespace EmbeddingGrpc.Training;

/// <summary>What is predicted from what, and how the prediction is scored.</summary>
public enum TrainingObjective
{
    /// <summary>Each context predicts the center, against negative samples (Mikolov et al. 2013b).</summary>
    SkipGramNegativeSampling,

    /// <summary>The mean of the contexts predicts the center, against negative samples (Mikolov et al. 2013a).</summary>
    CbowNegativeSampling,

    /// <summary>Each context predicts the turns on the way to the center in a Huffman tree (Morin and Bengio 2005). W2 rows are tree nodes.</summary>
    SkipGramHierarchicalSoftmax,

    /// <summary>The mean of the contexts predicts the turns on the way to the center in a Huffman tree. W2 rows are tree nodes.</summary>
    CbowHierarchicalSoftmax,

    /// <summary>Each center predicts its contexts among all items: a reference for small vocabularies, its cost grows with their number.</summary>
    SkipGramFullSoftmax,
}
