using CsCheck;

namespace EmbeddingGrpc.Training.Tests;

public sealed class IdTableTests
{
    [Fact]
    public void Intern_AnyIds_AgreesWithADictionary() =>
        Gen.String[Gen.Char['a', 'e'], 0, 4].Array[0, 600].Sample(ids =>
        {
            var table = new IdTable();
            var model = new Dictionary<string, int>();
            foreach (string id in ids)
            {
                model.TryAdd(id, model.Count);
                Assert.Equal(model[id], table.Intern(id));
            }

            Assert.Equal(model.Count, table.Count);
            foreach (var (id, number) in model)
            {
                Assert.True(table.TryGet(id, out int found));
                Assert.Equal(number, found);
                Assert.Equal(id, System.Text.Encoding.UTF8.GetString(table[number]));
            }

            Assert.False(table.TryGet("fff", out _));
        });

    [Fact]
    public void Intern_IdsOfEveryLength_ComeBackWhole()
    {
        var table = new IdTable();
        var ids = Enumerable.Range(0, 300).Select(length => string.Concat(Enumerable.Range(0, length).Select(at => (char)('a' + ((at + length) % 26))))).ToArray();
        foreach (string id in ids.Reverse())
        {
            table.Intern(id);
        }

        for (int number = 0; number < ids.Length; number++)
        {
            table.WillFind(number);
            table.WillRead(number);
            Assert.Equal(ids[^(number + 1)], System.Text.Encoding.UTF8.GetString(table[number]));
            Assert.True(table.TryGet(ids[^(number + 1)], out int found));
            Assert.Equal(number, found);
        }
    }

    [Fact]
    public void Intern_ManyIds_KeepsEveryNumberAcrossGrowth()
    {
        const int Count = 200_000;
        var table = new IdTable();
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(i, table.Intern($"item-{i}"));
        }

        for (int i = 0; i < Count; i += 977)
        {
            Assert.True(table.TryGet($"item-{i}", out int number));
            Assert.Equal(i, number);
        }

        Assert.InRange(table.SizeBytes, 1, Count * 50);
    }

    [Fact]
    public void Intern_LongestIds_SpanChunksAndComeBackWhole()
    {
        var table = new IdTable();
        for (int i = 0; i < 40; i++)
        {
            table.Intern(new string((char)('A' + i), IdTable.MaximumIdBytes));
        }

        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(IdTable.MaximumIdBytes, table[i].Length);
            Assert.False(table[i].ContainsAnyExcept((byte)('A' + i)));
        }
    }

    [Fact]
    public void Intern_IdTooLong_ThrowsAndAddsNothing()
    {
        var table = new IdTable();
        Assert.Throws<ArgumentException>(() => table.Intern(new string('x', IdTable.MaximumIdBytes + 1)));
        Assert.Equal(0, table.Count);
        Assert.Equal(0, table.Intern("x"));
    }

    [Fact]
    public void Indexer_NumberNotGiven_Throws()
    {
        var table = new IdTable();
        table.Intern("x");
        Assert.Throws<ArgumentOutOfRangeException>(() => table[1].Length);
    }
}
