using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>Texts, of which only equality is asked: as 64-bit hashes, 8 bytes an item however long the texts. One writer, wait-free readers.</summary>
/// <remarks>
/// The hash is seeded at random in each process, so nobody can make two texts collide; that two do by chance has a probability of 2^-64 for each item
/// that is looked at. Keeping the texts would cost the titles of a whole shop a second time.
/// </remarks>
internal sealed class TextColumn : AttributeColumn
{
    private const ulong None = 0;

    private readonly ChunkedValues<ulong> _hashes = new(None);
    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.Text;

    /// <inheritdoc/>
    public override long SizeBytes => _hashes.SizeBytes;

    /// <summary>The hash of an item's text; that of no text for none.</summary>
    public ulong this[ItemKey item] => _hashes[item.Value];

    /// <summary>Shows the values of all items, absent ones included, to a visitor.</summary>
    public bool Visit<TVisitor>(TVisitor visitor)
        where TVisitor : struct, IValueVisitor<ulong> => _hashes.Visit(visitor);

    /// <inheritdoc/>
    public override bool Has(ItemKey item) => _hashes[item.Value] != None;

    /// <summary>The hash of a text.</summary>
    public ulong HashOf(string text) => Math.Max(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()), _seed), None + 1);

    private protected override void Store(ItemKey item, AttributeValue? value, AttributeValue? before) => _hashes.Set(item.Value, value is null ? None : HashOf(value.Text));
}
