namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>
/// A query as a walk sees it: signed bytes, and what turns an integer product with a row's codes into a real one. Points into the scratch that
/// holds it.
/// </summary>
/// <param name="Values">The bytes, zero where a row has no value.</param>
/// <param name="Length">Bytes of a row of codes.</param>
/// <param name="Offset">What the codes' bias adds to every product.</param>
/// <param name="Scale">Step of the query times step of the codes: <c>q · b ≈ (product - Offset) · Scale</c>, up to a constant.</param>
/// <param name="Layout">Where the values of packed codes lie.</param>
/// <param name="TailScale">What one step of the code that ends a packed row counts.</param>
/// <param name="Origin">
/// What a walk's measure leaves out: added to it, it is half the squared distance in the space of the codes. 0 by dot product, which is none.
/// </param>
/// <param name="Deviation">Standard deviation of what the codes of rows make of their distances, in the measure of these.</param>
internal readonly unsafe record struct QueryCode(
    nint Values, int Length, int Offset, float Scale, PackedLayout Layout = default, float TailScale = 0, float Origin = 0, float Deviation = 0)
{
    /// <summary>The values.</summary>
    public sbyte* Pointer => (sbyte*)Values;
}
