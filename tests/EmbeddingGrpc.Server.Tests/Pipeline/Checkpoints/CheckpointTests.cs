using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private const int Length = 6;
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Restore_AnyState_IsWhatWasWrittenAndGoesOnAlike() =>
        Interactions(Gen.Int[0, 400]).Sample(
            sent =>
            {
                var written = NewState();
                Apply(written, sent, 0, sent.Length);
                var store = NewStore();
                store.Write(written, () => new LogOffset(sent.Length), CancellationToken.None);

                var restored = store.Restore(NewState, new LogOffset(sent.Length), out var start);
                Assert.Equal(sent.Length, start.Value);
                AssertSame(written, restored);
                Apply(written, sent, 0, sent.Length, offset: sent.Length);
                Apply(restored, sent, 0, sent.Length, offset: sent.Length);
                AssertSame(written, restored);
                foreach (var file in Directory.GetFiles(_folder.FullPath)) File.Delete(file);
            },
            iter: 50,
            threads: 1);

    [Fact]
    public void Restore_CheckpointThatCaughtTheStateAtDifferentMoments_IsMadeWholeByReplay() =>
        Gen.Select(Interactions(Gen.Int[50, 400]), Gen.Int[0, 49], Gen.Int[1, 40]).Sample(
            (sent, start, every) =>
            {
                // The applier goes on while the file is written: here after every few users and items that the writer reads.
                var state = NewState();
                Apply(state, sent, 0, start);
                var applied = start;
                var path = Path.Combine(_folder.FullPath, "fuzzy");
                using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Create))
                {
                    var looks = 0;
                    var bounds = CheckpointWriter.Write(
                        file,
                        state,
                        () => new LogOffset(applied),
                        () =>
                        {
                            if (++looks % every != 0 || applied == sent.Length) return;
                            Apply(state, sent, applied, applied + 1);
                            applied++;
                        });
                    Assert.Equal((start, applied), ((int)bounds.Start.Value, (int)bounds.End.Value));
                }

                var restored = NewState();
                using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Read))
                {
                    Assert.Equal(start, CheckpointReader.ReadBounds(file).Start.Value);
                    CheckpointReader.Read(file, restored);
                }

                Apply(restored, sent, start, sent.Length);
                Apply(state, sent, applied, sent.Length);
                AssertSame(state, restored);
                File.Delete(path);
            },
            iter: 200,
            threads: 1);

    [Fact]
    public async Task Write_BesideARunningApplier_RestoresToWhatTheLogSays()
    {
        await using var log = new TemporaryLog();
        var store = NewStore();
        var state = NewState();
        await using (var applier = new EventApplier(log.Log, state, default, NullLogger<EventApplier>.Instance))
        {
            for (var batch = 0; batch < 40; batch++)
            {
                await log.AppendAsync(batch * 1000, 1000);
                if (batch % 8 == 3) store.Write(state, () => applier.AppliedOffset, TestContext.Current.CancellationToken);
            }

            await applier.WaitForAppliedAsync(log.Log.DurableOffset, TestContext.Current.CancellationToken);
        }

        var restored = store.Restore(NewState, log.Log.DurableOffset, out var start);
        Assert.True(start.Value > 0);
        await using (var applier = new EventApplier(log.Log, restored, start, NullLogger<EventApplier>.Instance))
            await applier.WaitForAppliedAsync(log.Log.DurableOffset, TestContext.Current.CancellationToken);
        AssertSame(state, restored);
    }

    [Fact]
    public void Restore_StateWithFurtherParts_GivesEachItsOwnSection()
    {
        var store = NewStore();
        var state = NewState() with { Parts = [new RecordedPart("first", 0), new RecordedPart("second", 3)] };
        state.Parts[0].Apply(new ItemDeleted("x"), new LogOffset(7));
        state.Parts[1].Apply(new ItemDeleted("x"), new LogOffset(8));
        store.Write(state, () => new LogOffset(100), CancellationToken.None);

        var restored = store.Restore(() => NewState() with { Parts = [new RecordedPart("first", 0), new RecordedPart("second", 3)] }, new LogOffset(100), out var start);
        Assert.Equal(100, start.Value);
        Assert.Equal([7, 8], restored.Parts.Cast<RecordedPart>().Select(part => part.Last));
    }

    [Fact]
    public void Write_HistoriesAheadOfTheParts_WaitsForTheParts()
    {
        var part = new RecordedPart("part", 0);
        var state = NewState() with { Parts = [part] };
        Apply(state, [(1, 1, 1), (2, 2, 2)], 0, 2);
        var asked = 0;
        var path = Path.Combine(_folder.FullPath, "ahead");
        using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Create))
        {
            var bounds = CheckpointWriter.Write(file, state, Applied, () => { });
            Assert.Equal((0, 2), (bounds.Start.Value, bounds.End.Value));
        }

        var restored = NewState() with { Parts = [new RecordedPart("part", 0)] };
        using (var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Read)) CheckpointReader.Read(file, restored);
        Assert.Equal(1, ((RecordedPart)restored.Parts[0]).Last);

        LogOffset Applied()
        {
            if (++asked < 10) return default;
            part.Apply(new ItemDeleted("x"), new LogOffset(1));
            return new LogOffset(2);
        }
    }

    [Theory]
    [InlineData("first")]
    [InlineData("first", "third")]
    [InlineData("second", "first")]
    [InlineData("first", "second", "third")]
    public void Restore_StateWithOtherPartsThanTheCheckpoint_ReplaysTheLog(params string[] names)
    {
        var store = NewStore();
        store.Write(NewState() with { Parts = [new RecordedPart("first", 0), new RecordedPart("second", 0)] }, () => new LogOffset(100), CancellationToken.None);
        var restored = store.Restore(() => NewState() with { Parts = [.. names.Select(name => new RecordedPart(name, 0))] }, new LogOffset(100), out var start);
        Assert.Equal(0, start.Value);
        Assert.All(restored.Parts.Cast<RecordedPart>(), part => Assert.Equal(-1, part.Last));
    }

    [Fact]
    public void Restore_DamagedNewest_FallsBackToTheOneBefore()
    {
        var store = NewStore();
        var state = NewState();
        var sent = Enumerable.Range(0, 300).Select(i => (i % 20, i % 30, i)).ToArray();
        Apply(state, sent, 0, 100);
        store.Write(state, () => new LogOffset(100), CancellationToken.None);
        Apply(state, sent, 100, 300);
        store.Write(state, () => new LogOffset(300), CancellationToken.None);
        var newest = Directory.GetFiles(_folder.FullPath, "*.checkpoint").Order().Last();
        var bytes = File.ReadAllBytes(newest);
        for (var place = 0; place < bytes.Length; place += Math.Max(1, bytes.Length / 60))
        {
            bytes[place] ^= 0x40;
            File.WriteAllBytes(newest, bytes);
            bytes[place] ^= 0x40;
            var restored = store.Restore(NewState, new LogOffset(300), out var start);
            Assert.Equal(100, start.Value);
            Apply(restored, sent, 100, 300);
            AssertSame(state, restored);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(100)]
    public void Restore_CutOff_IsPassedOver(int length)
    {
        var store = NewStore();
        var state = NewState();
        Apply(state, [.. Enumerable.Range(0, 50).Select(i => (i, i, i))], 0, 50);
        store.Write(state, () => new LogOffset(50), CancellationToken.None);
        using (var file = File.OpenWrite(Directory.GetFiles(_folder.FullPath, "*.checkpoint").Single())) file.SetLength(length);
        Assert.Equal(0, store.Restore(NewState, new LogOffset(50), out var start).Histories.UserCount);
        Assert.Equal(0, start.Value);
    }

    [Fact]
    public void Restore_NoneUsableAndTheLogBeginsLater_IsRefusedRatherThanForgotten()
    {
        var store = NewStore();
        store.Write(NewState(), () => new LogOffset(50), CancellationToken.None);
        var path = Directory.GetFiles(_folder.FullPath, "*.checkpoint").Single();
        using (var file = File.OpenWrite(path)) file.SetLength(30);

        var refusal = Assert.Throws<CheckpointRefusedException>(() => store.Restore(NewState, new LogOffset(50), out _, new LogOffset(10)));
        Assert.Contains(Path.GetFileName(path), refusal.Message, StringComparison.Ordinal);
        Assert.Contains("offset 10", refusal.Message, StringComparison.Ordinal);

        // Moved away, as it says, the daemon goes on with what there is.
        File.Delete(path);
        store.Restore(NewState, new LogOffset(50), out var start, new LogOffset(10));
        Assert.Equal(0, start.Value);
    }

    [Fact]
    public void Restore_LogThatBeginsBehindTheCheckpoint_IsRefused()
    {
        var store = NewStore();
        store.Write(NewState(), () => new LogOffset(50), CancellationToken.None);

        var refusal = Assert.Throws<CheckpointRefusedException>(() => store.Restore(NewState, new LogOffset(90), out _, new LogOffset(60)));

        Assert.Contains("the log begins at 60", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Restore_AheadOfTheLog_IsPassedOverAndRemoved()
    {
        var store = NewStore();
        var state = NewState();
        Apply(state, [(1, 1, 1)], 0, 1);
        store.Write(state, () => new LogOffset(1), CancellationToken.None);
        store.Restore(NewState, default, out var start);
        Assert.Equal(0, start.Value);
        // It would count as newer than all that this log will have for a long time.
        Assert.Empty(Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public void Restore_SmallerBounds_KeepsTheLatestOfEverything()
    {
        var store = NewStore();
        var state = NewState();
        Apply(state, [.. Enumerable.Range(0, 200).Select(i => (i % 40, i, i))], 0, 200);
        store.Write(state, () => new LogOffset(200), CancellationToken.None);
        var restored = store.Restore(() => NewState(length: 2, users: 10), new LogOffset(200), out _);

        Assert.Equal(10, restored.Histories.UserCount);
        var events = new HistoryEvent[2];
        for (var user = 30; user < 40; user++)
        {
            Assert.True(restored.Histories.TryRead($"u{user}", events, out var count, out _));
            Assert.Equal(2, count);
            Assert.Equal([user + 120, user + 160], events.Select(e => restored.Items.IdOf(e.Item)).Select(id => int.Parse(id[1..], System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public void Restore_OtherHalfLife_KeepsTheWeightsOfTheMoment()
    {
        var store = NewStore();
        var state = NewState();
        Apply(state, [.. Enumerable.Range(0, 200).Select(i => (i, i % 5, i * 3_600_000))], 0, 200);
        store.Write(state, () => new LogOffset(200), CancellationToken.None);
        var restored = store.Restore(
            () => NewState() with { Counters = new ItemCounters(TimeSpan.FromDays(30)) }, new LogOffset(200), out _);
        for (var item = 0; item < 5; item++)
        {
            var expected = state.Counters.WeightOf(new ItemKey(item), InteractionType.Click);
            Assert.Equal(expected, restored.Counters.WeightOf(new ItemKey(item), InteractionType.Click), 1e-9 * expected);
        }
    }

    [Fact]
    public void Write_MoreThanTwo_KeepsTheNewestTwoAndLeavesNothingElse()
    {
        var store = NewStore();
        var state = NewState();
        for (var i = 0; i < 5; i++) store.Write(state, () => new LogOffset(i * 10), CancellationToken.None);
        Assert.Equal([30L, 40L], Directory.GetFiles(_folder.FullPath).Select(file => long.Parse(Path.GetFileNameWithoutExtension(file), System.Globalization.CultureInfo.InvariantCulture)).Order());
        Assert.Equal(30, store.OldestStart!.Value.Value);
    }

    [Fact]
    public void Write_Cancelled_LeavesWhatWasThere()
    {
        var store = NewStore();
        var state = NewState();
        store.Write(state, () => new LogOffset(1), CancellationToken.None);
        Apply(state, [(1, 1, 1)], 0, 1);
        Assert.Throws<OperationCanceledException>(() => store.Write(state, () => new LogOffset(2), new CancellationToken(canceled: true)));
        Assert.Equal("00000000000000000001.checkpoint", Path.GetFileName(Assert.Single(Directory.GetFiles(_folder.FullPath))));
    }

    [Fact]
    public void Open_WhatACrashLeftUnfinished_IsRemoved()
    {
        var left = Path.Combine(_folder.FullPath, "next.tmp");
        File.WriteAllText(left, "half");
        NewStore();
        Assert.False(File.Exists(left));
    }

    public void Dispose() => _folder.Dispose();

    private static Gen<(int User, int Item, int Time)[]> Interactions(Gen<int> count) =>
        count.SelectMany(n => Gen.Select(Gen.Int[0, 30], Gen.Int[0, 40], Gen.Int[0, 500]).Array[n]);

    private static AppliedState NewState() => NewState(Length, users: 1000);

    private static AppliedState NewState(int length, int users) => new(new ItemKeys(), new UserHistories(length, users), new ItemCounters(TimeSpan.FromDays(7)));

    private static void Apply(AppliedState state, (int User, int Item, int Time)[] sent, int from, int to, int offset = 0)
    {
        for (var i = from; i < to; i++)
        {
            var key = state.Items.GetOrAdd($"i{sent[i].Item}");
            var interaction = new HistoryEvent(key, InteractionType.Click, 1_700_000_000_000 + sent[i].Time, 1f);
            state.Histories.Apply($"u{sent[i].User}", interaction, new LogOffset(offset + i));
            state.Counters.Apply(interaction, new LogOffset(offset + i));
        }
    }

    private static void AssertSame(AppliedState expected, AppliedState actual)
    {
        Assert.Equal(
            Enumerable.Range(0, expected.Items.Count).Select(i => expected.Items.IdOf(new ItemKey(i))),
            Enumerable.Range(0, actual.Items.Count).Select(i => actual.Items.IdOf(new ItemKey(i))));
        Assert.Equal(expected.Histories.UserCount, actual.Histories.UserCount);
        Assert.Equal(Histories(expected), Histories(actual));
        Assert.Equal(expected.Counters.ClockMs, actual.Counters.ClockMs);
        for (var item = 0; item < expected.Items.Count; item++)
        {
            var weight = expected.Counters.WeightOf(new ItemKey(item), InteractionType.Click);
            Assert.Equal(weight, actual.Counters.WeightOf(new ItemKey(item), InteractionType.Click), 1e-12 * weight);
        }
    }

    private static List<string> Histories(AppliedState state)
    {
        var events = new HistoryEvent[Length];
        return [.. Enumerable.Range(0, 60).Select(n => n < 31 ? $"u{n}" : $"user-{n - 31}").Select(user =>
            state.Histories.TryRead(user, events, out var count, out var version) ? $"{user} {version} {string.Join(' ', events.Take(count))}" : $"{user} -")];
    }

    private CheckpointStore NewStore() => new(_folder.FullPath, DiskFileSystem.Instance, NullLogger.Instance);
}
