using System.IO.Hashing;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>Tells one vector table from another without reading all of it: its shape and up to 256 evenly spread rows.</summary>
internal static unsafe class TableFingerprint
{
    private const int Sample = 256;

    /// <summary>The fingerprint of a table.</summary>
    public static ulong Of(VectorRows rows)
    {
        var hash = new XxHash3();
        hash.Append(BitConverter.GetBytes((long)rows.Base));
        hash.Append(BitConverter.GetBytes((long)rows.Dimension));
        var sampled = Math.Min(Sample, rows.Base);
        for (var i = 0; i < sampled; i++)
        {
            // The last row is always among them.
            var item = sampled == 1 ? 0 : (int)((long)i * (rows.Base - 1) / (sampled - 1));
            hash.Append(new ReadOnlySpan<byte>(rows.Row(item), rows.Dimension * sizeof(float)));
        }
        return hash.GetCurrentHashAsUInt64();
    }
}
