namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>
/// A query as the walk sees it: 7-bit signed values, and what turns an integer product with a row's codes back into a real one:
/// <c>q · b ≈ (product - Offset) · Scale</c>. Points into the scratch that holds it.
/// </summary>
/// <param name="Values">[length], each -63..63, zero in the padding.</param>
/// <param name="Length">Bytes, a multiple of 64; the stride of the codes.</param>
/// <param name="Offset">What the codes' bias of 128 adds to every product.</param>
/// <param name="Scale">Step of the query times step of the codes.</param>
internal readonly unsafe record struct QueryCode(nint Values, int Length, int Offset, float Scale)
{
    /// <summary>The values.</summary>
    public sbyte* Pointer => (sbyte*)Values;
}
