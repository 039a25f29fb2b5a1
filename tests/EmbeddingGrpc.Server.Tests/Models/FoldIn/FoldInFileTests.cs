using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Pipeline;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

public sealed class FoldInFileTests : IDisposable
{
    private const ulong Generation = 17;
    private const int BaseItems = 100;

    private static readonly LogOffset Through = new(5000);

    private readonly TemporaryDirectory _temporary = new();

    private FoldInFile File => new(System.IO.Path.Combine(_temporary.Path, FoldInFile.FileName), "model", new DurableFiles(), NullLogger.Instance);

    [Fact]
    public void TryRead_OfWhatWasWritten_HasAllOfIt()
    {
        Write();

        var kept = File.TryRead(Generation, Through, BaseItems);

        Assert.NotNull(kept);
        Assert.Equal(Through, kept.Through);
        Assert.Equal([7, 9], kept.Items.Select(item => item.Item.Key.Value));
        var (item, contexts) = (kept.Items[0].Item, kept.Items[0].Contexts);
        // It waits for its contexts, which are not in it before what they refer to is known.
        Assert.Equal((4L, 2L, true, false, 0), (item.Count, item.ContextsSeen, item.IsKept, item.IsFolded, item.Contexts.Count));
        Assert.Equal([new KeptContext(99, 0.5f, IsBefore: true), new KeptContext(~9, 1, IsBefore: false)], contexts);
        Assert.Empty(kept.Items[1].Contexts);
        item.Folded();
        Assert.Equal(3, item.RefineAt);
    }

    [Fact]
    public void TryRead_ThereIsNone_IsNull() => Assert.Null(File.TryRead(Generation, Through, BaseItems));

    [Fact]
    public void TryRead_AnyByteChangedOrCutOff_IsNull()
    {
        Write();
        var path = System.IO.Path.Combine(_temporary.Path, FoldInFile.FileName);
        var bytes = System.IO.File.ReadAllBytes(path);
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 0x40;
            System.IO.File.WriteAllBytes(path, bytes);
            Assert.Null(File.TryRead(Generation, Through, BaseItems));
            bytes[at] ^= 0x40;
            System.IO.File.WriteAllBytes(path, bytes[..at]);
            Assert.Null(File.TryRead(Generation, Through, BaseItems));
        }

        System.IO.File.WriteAllBytes(path, bytes);
        Assert.NotNull(File.TryRead(Generation, Through, BaseItems));
    }

    [Theory]
    [InlineData(Generation + 1, 5000, BaseItems)]
    [InlineData(Generation, 4999, BaseItems)]
    [InlineData(Generation, 5000, 99)]
    public void TryRead_OfAnotherGenerationOrAheadOfTheLog_IsNull(ulong generation, long durable, int baseItems)
    {
        Write();

        Assert.Null(File.TryRead(generation, new LogOffset(durable), baseItems));
    }

    [Fact]
    public void TryWrite_WhereThereIsNoDirectory_IsFalse() =>
        Assert.False(new FoldInFile(System.IO.Path.Combine(_temporary.Path, "none", "file"), "model", new DurableFiles(), NullLogger.Instance).TryWrite(Generation, Through, [], item => item.Value));

    public void Dispose() => _temporary.Dispose();

    private void Write()
    {
        var first = new FoldInItem(new ItemKey(7)) { Count = 4 };
        first.Add(new FoldInContext(new ItemOrdinal(99), 0.5f, IsBefore: true));
        first.Add(new FoldInContext(new ItemOrdinal(BaseItems), 1, IsBefore: false));
        var second = new FoldInItem(new ItemKey(9)) { Count = 1 };
        // Twice: the second replaces the first.
        Assert.True(File.TryWrite(Generation, default, [], item => item.Value));
        Assert.True(File.TryWrite(Generation, Through, [first, second], item => item.Value < BaseItems ? item.Value : ~9));
    }
}
