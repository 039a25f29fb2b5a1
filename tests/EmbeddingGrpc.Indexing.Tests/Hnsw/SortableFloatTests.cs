using CsCheck;
using EmbeddingGrpc.Indexing.Hnsw;

namespace EmbeddingGrpc.Indexing.Tests.Hnsw;

public sealed class SortableFloatTests
{
    [Fact]
    public void ToKey_OfAnyTwo_KeepsTheirOrderAndComesBack() =>
        Gen.Select(Gen.Single.Where(x => !float.IsNaN(x)), Gen.Single.Where(x => !float.IsNaN(x))).Sample((a, b) =>
        {
            if (a != b) Assert.Equal(a < b, SortableFloat.ToKey(a) < SortableFloat.ToKey(b));
            Assert.Equal(a, SortableFloat.FromKey(SortableFloat.ToKey(a)));
        });
}
