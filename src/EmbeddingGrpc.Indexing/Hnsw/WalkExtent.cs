namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>How far a walk goes.</summary>
/// <param name="Ef">Size of the candidate pool.</param>
/// <param name="Margin">By what share of the last wanted one's distance a candidate's may be larger to be expanded; 0 means that all in the pool are.</param>
internal readonly record struct WalkExtent(int Ef, float Margin = 0)
{
    /// <summary>Size of the pool that finds as much when all of it is expanded.</summary>
    public int WholePool => Margin > 0 ? Ef / RecallCalibration.PoolGrowth : Ef;
}
