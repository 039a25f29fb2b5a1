using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>
/// The connections of one node as the writer sees them: a block of keys and behind them as many weights, heaviest first. Keys side by side,
/// because finding one among a hundred is what an interaction costs.
/// </summary>
internal readonly ref struct GraphEdges(Span<int> block, int count)
{
    private readonly Span<int> _items = block[..(block.Length / 2)];
    private readonly Span<float> _weights = MemoryMarshal.Cast<int, float>(block[(block.Length / 2)..]);

    /// <summary>Connections that fit.</summary>
    public int Capacity => _items.Length;

    /// <summary>Keys of those that are there.</summary>
    public Span<int> Items => _items[..count];

    /// <summary>Their weights.</summary>
    public Span<float> Weights => _weights[..count];

    /// <summary>Adds weight to a connection, which is made if it is not there.</summary>
    /// <param name="item">Where it leads.</param>
    /// <param name="weight">Above 0.</param>
    /// <returns>
    /// Connections then. In a full block the lightest goes, and the new one inherits its weight (Metwally et al. 2005, Space-Saving): what has more
    /// than its share of a node's weight is sure to be there.
    /// </returns>
    public int Strengthen(int item, float weight)
    {
        var place = Items.IndexOf(item);
        if (place >= 0)
        {
            Lift(place, item, _weights[place] + weight);
            return count;
        }

        if (count == Capacity)
        {
            Lift(count - 1, item, _weights[count - 1] + weight);
            return count;
        }

        Lift(count, item, weight);
        return count + 1;
    }

    /// <summary>Moves a connection up from a place to where its weight belongs, behind its equals.</summary>
    private void Lift(int place, int item, float weight)
    {
        int low = 0, high = place;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_weights[middle] >= weight) low = middle + 1;
            else high = middle;
        }

        _items[low..place].CopyTo(_items[(low + 1)..]);
        _weights[low..place].CopyTo(_weights[(low + 1)..]);
        _items[low] = item;
        _weights[low] = weight;
    }
}
