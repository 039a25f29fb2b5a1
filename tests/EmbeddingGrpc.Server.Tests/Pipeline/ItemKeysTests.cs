using System.Text;
using CsCheck;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class ItemKeysTests
{
    [Fact]
    public void GetOrAdd_AnySequenceOfIds_AgreesWithADictionary() =>
        Gen.Int[0, 3000].Select(n => $"item-{n}").Array[0, 6000].Sample(
            ids =>
            {
                var keys = new ItemKeys();
                var model = new Dictionary<string, int>();
                foreach (var id in ids)
                {
                    if (!model.TryGetValue(id, out var expected)) model.Add(id, expected = model.Count);
                    Assert.Equal(expected, keys.GetOrAdd(id).Value);
                }

                Assert.Equal(model.Count, keys.Count);
                foreach (var (id, expected) in model)
                {
                    Assert.True(keys.TryGet(id, out var key));
                    Assert.Equal(expected, key.Value);
                    Assert.Equal(id, keys.IdOf(key));
                }
            },
            iter: 50);

    [Fact]
    public void EndRestore_AnyIds_AgreesWithKeysGivenOneByOneAndGoesOnAlike() =>
        Gen.Int[0, 5000].Array[0, 3000].Sample(
            numbers =>
            {
                var ids = numbers.Distinct().Select(n => $"item-{n}").ToArray();
                var restored = new ItemKeys();
                restored.Reserve(ids.Length);
                var slots = ids.Select(id => restored.Restore(Encoding.UTF8.GetBytes(id))).ToArray();

                Assert.True(restored.EndRestore(slots));
                Assert.Equal(ids.Length, restored.Count);
                for (var i = 0; i < ids.Length; i++)
                {
                    Assert.True(restored.TryGet(ids[i], out var key));
                    Assert.Equal((i, ids[i]), (key.Value, restored.IdOf(key)));
                }

                for (var i = 0; i < 3000; i++) Assert.Equal(ids.Length + i, restored.GetOrAdd($"later-{i}").Value);
                Assert.False(restored.TryGet("item--1", out _));
            },
            iter: 50);

    [Fact]
    public void EndRestore_AnItemTwice_IsFalse()
    {
        var keys = new ItemKeys();
        ulong[] slots = [.. new[] { "a", "b", "ä", "b" }.Select(id => keys.Restore(Encoding.UTF8.GetBytes(id)))];
        Assert.False(keys.EndRestore(slots));
    }

    [Fact]
    public void TryGet_UnknownItem_IsFalse()
    {
        var keys = new ItemKeys();
        keys.GetOrAdd("a");
        Assert.False(keys.TryGet("b", out _));
        Assert.False(keys.TryGet(string.Empty, out _));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void IdOf_KeyNotGiven_Throws(int key)
    {
        var keys = new ItemKeys();
        keys.GetOrAdd("a");
        Assert.Throws<ArgumentOutOfRangeException>(() => keys.IdOf(new ItemKey(key)));
    }

    [Fact]
    public async Task TryGet_WhileTheWriterAdds_FindsEveryKeyThatWasGivenBefore()
    {
        const int Items = 200_000;
        var keys = new ItemKeys();
        var reader = Task.Run(
            () =>
            {
                var random = new Random(1);
                var checks = 0;
                while (true)
                {
                    var given = keys.Count;
                    if (given > 0)
                    {
                        var expected = random.Next(given);
                        Assert.True(keys.TryGet($"i{expected}", out var key));
                        Assert.Equal(expected, key.Value);
                        Assert.Equal($"i{expected}", keys.IdOf(key));
                        checks++;
                    }

                    if (given == Items) return checks;
                }
            },
            TestContext.Current.CancellationToken);
        for (var i = 0; i < Items; i++) keys.GetOrAdd($"i{i}");
        Assert.True(await reader > 0);
    }

    [Fact]
    public void SizeBytes_AMillionItems_IsUnder128BytesAnItem()
    {
        const int Items = 1_000_000;
        var keys = new ItemKeys();
        for (var i = 0; i < Items; i++) keys.GetOrAdd($"item-{i}");
        Assert.InRange(keys.SizeBytes, Items * 32L, Items * 128L);
    }
}
