using CsCheck;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Tests.Memory;

public sealed class ItemBitsTests
{
    [Fact]
    public void Add_AnyItems_AgreesWithASet() =>
        Gen.Int[0, 300].Array[0, 200].Sample(items =>
        {
            using var bits = new ItemBits(capacity: 1000, items: 301);
            var model = new HashSet<int>();
            foreach (var item in items) Assert.Equal(model.Add(item), bits.Add(item));
            Assert.Equal(model.Count, bits.Count);
            using var copy = bits.Copy(items: 301, capacity: 1000);
            Assert.Equal(model.Count, copy.Count);
            for (var i = 0; i <= 300; i++)
            {
                Assert.Equal(model.Contains(i), bits.Contains(i));
                Assert.Equal(model.Contains(i), copy.Contains(i));
            }
        });
}
