using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>What is counted of an item, in one cache line.</summary>
internal struct ItemTally
{
    /// <summary>The offset of the last interaction counted, plus one; its complement while that is being changed. 0 before the first.</summary>
    public long Version;

    /// <summary>Decayed weight by type, in units of the counters' landmark.</summary>
    public Weights ByType;

    /// <summary>Changes the unit of the weights.</summary>
    public void Scale(double factor)
    {
        foreach (ref var weight in ByType) weight *= factor;
    }

    /// <summary>Weight of all types.</summary>
    /// <param name="byType">What each counts.</param>
    public readonly double Sum(ReadOnlySpan<double> byType)
    {
        var sum = 0.0;
        for (var type = 0; type < InteractionTypes.Count; type++) sum += byType[type] * ByType[type];
        return sum;
    }

    /// <summary>One value a type.</summary>
    [InlineArray(InteractionTypes.Count)]
    public struct Weights
    {
        private double _first;
    }
}
