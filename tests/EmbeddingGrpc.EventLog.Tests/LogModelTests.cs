using EmbeddingGrpc.EventLog.Inspection;
using EmbeddingGrpc.EventLog.Tests.Simulation;
using Microsoft.Extensions.Logging.Abstractions;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests;

/// <summary>
/// The log against a list in memory, through random appends, commits, scans, restarts, kills, losses of power, full and failing disks, retention and erasure. The
/// appender runs on the test's thread, so that a seed is a story that can be told again.
/// </summary>
public sealed class LogModelTests
{
    private const int Steps = 100_000;

    [Theory]
    [InlineData(1)]
    [InlineData(20260101)]
    public async Task RandomHistory_OnADiskThatForgetsAndFails_AgreesWithTheModel(int seed)
    {
        var story = new Story(seed);
        for (var step = 0; step < Steps / 2; step++)
        {
            try
            {
                await story.StepAsync();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}, step {step} ({story.Doing}): {e.Message}", e);
            }
        }
        await story.EndAsync();
        // The seeds are worth nothing if the story never comes to these.
        Assert.True(story.Crashes > 1000 && story.CrashesInsideACommit > 100 && story.FailedCommits > 300 && story.Erasures > 50 && story.Truncations > 100, story.ToString());
    }

    private sealed class Story
    {
        private static readonly EventLogOptions Options = new() { SegmentSizeBytes = 4096 };

        private readonly Random _random;
        private readonly EntryBatch _batch = new();
        private readonly SimulatedDisk _disk;
        private readonly LogModel _model = new();
        private readonly List<(AppendBatch Batch, Task<AppendResult> Answer)> _inFlight = [];
        private InteractionLog? _log;
        private int _nextSample;

        public Story(int seed)
        {
            _random = new Random(seed);
            _disk = new SimulatedDisk(seed);
            _log = Open();
        }

        public string Doing { get; private set; } = "";

        public int Crashes { get; private set; }

        public int CrashesInsideACommit { get; private set; }

        public int FailedCommits { get; private set; }

        public int Erasures { get; private set; }

        public int Truncations { get; private set; }

        private InteractionLog Log => _log ??= Open();

        public override string ToString() =>
            $"{Crashes} crashes, {CrashesInsideACommit} of them inside a commit, {FailedCommits} failed commits, {Erasures} erasures, {Truncations} truncations";

        public async Task StepAsync()
        {
            var die = _random.Next(1000);
            if (die < 500) await DoAsync("append", AppendAsync);
            else if (die < 780) await DoAsync("commit", CommitAsync);
            else if (die < 860) await DoAsync("scan", ScanAsync);
            else if (die < 880) await DoAsync("close and open", CloseAsync);
            else if (die < 900) await DoAsync("kill", KillAsync);
            else if (die < 920) await DoAsync("lose power", LosePowerAsync);
            else if (die < 945) await DoAsync("lose power inside a commit", CrashInsideCommitAsync);
            else if (die < 965) await DoAsync("commit on a full disk", CommitOnFullDiskAsync);
            else if (die < 975) await DoAsync("fail a write", () => FailCommitAsync(() => _disk.Faults.FailNextWrite = true));
            else if (die < 985) await DoAsync("fail a sync", () => FailCommitAsync(() => _disk.Faults.FailNextSync = true));
            else if (die < 993) await DoAsync("truncate", TruncateAsync);
            else if (die < 996) await DoAsync("erase", EraseAsync);
            else await DoAsync("inspect", InspectAsync);
        }

        public async Task EndAsync()
        {
            await CommitAsync();
            Compare(0, _model.End);
            await CloseAsync();
            Compare(0, _model.End);
        }

        private async Task DoAsync(string what, Func<Task> action)
        {
            Doing = what;
            await action();
        }

        private async Task AppendAsync()
        {
            var batch = RandomBatch();
            var enqueued = Log.EnqueueAsync(batch, TestContext.Current.CancellationToken);
            Assert.True(enqueued.IsCompleted);
            _inFlight.Add((batch, await enqueued));
        }

        private AppendBatch RandomBatch()
        {
            var interactions = Samples(_nextSample, _random.Next(7)).ToArray();
            _nextSample += interactions.Length;
            if (_random.Next(3) == 0)
            {
                LogRecord[] records = [new ItemUpserted($"sku/{_random.Next(5)}", new byte[_random.Next(20)]), new ItemDeleted("sku/2"), new UserErased(new byte[] { 7 })];
                return new AppendBatch(interactions) { Records = records[.._random.Next(4)] };
            }
            var name = $"producer-{_random.Next(4)}";
            var known = _model.Producers.GetValueOrDefault(name);
            var epoch = (ulong)Math.Max(0, (long)known.Epoch + (_random.Next(20) == 0 ? _random.Next(-1, 2) : 0));
            var number = (ulong)Math.Max(0, (long)known.Done + _random.Next(-4, 4));
            var numbers = new ulong[interactions.Length];
            for (var i = 0; i < numbers.Length; i++) numbers[i] = number += (ulong)_random.Next(1, 3);
            return new AppendBatch(interactions, new ProducerId(name, epoch), numbers, number + (ulong)_random.Next(2))
            {
                Follows = _random.Next(4) == 0 ? known.Done + (ulong)_random.Next(2) : 0,
            };
        }

        private async Task CommitAsync()
        {
            Log.CommitQueued();
            foreach (var (batch, answer) in _inFlight)
            {
                Assert.True(answer.IsCompleted);
                if (_model.Append(batch, out var refusal) is { } expected) Assert.Equal(expected, await answer);
                else await Assert.ThrowsAsync(refusal!, () => answer);
            }
            _inFlight.Clear();
            Assert.Equal(_model.End, Log.DurableOffset.Value);
        }

        private Task ScanAsync()
        {
            var from = _random.Next(_model.End + 1);
            Compare(from, from + _random.Next(100));
            return Task.CompletedTask;
        }

        private async Task CloseAsync()
        {
            // Closing commits what is queued.
            Log.CommitQueued();
            await CommitAsync();
            await Log.DisposeAsync();
            _log = Open();
            CompareAfterOpening();
        }

        private async Task KillAsync()
        {
            _disk.Kill();
            await DropAsync();
            if (_random.Next(2) == 0 && _disk.ListFiles(LogDirectory).LastOrDefault(path => path.EndsWith(".log", StringComparison.Ordinal)) is { } last)
            {
                var garbage = new byte[_random.Next(1, 300)];
                _random.NextBytes(garbage);
                _disk.Content(last).Write(_disk.Content(last).Length, garbage);
            }
            CompareAfterOpening();
        }

        private async Task LosePowerAsync()
        {
            _disk.LosePower();
            await DropAsync();
            CompareAfterOpening();
        }

        private async Task CrashInsideCommitAsync()
        {
            _disk.Faults.StopAfter(_random.Next(8));
            Log.CommitQueued();
            if (_inFlight.Any(append => append.Answer.IsFaulted && append.Answer.Exception!.InnerException is LogUnavailableException)) CrashesInsideACommit++;
            await SettleAsync();
            _disk.LosePower();
            await DropAsync();
            SettleGroup();
            CompareAfterOpening();
        }

        private async Task CommitOnFullDiskAsync()
        {
            _disk.Faults.FreeBytes = _random.Next(600);
            if (_random.Next(4) == 0) _disk.Faults.ChangeFailure = DiskFaults.NoSpace();
            Log.CommitQueued();
            foreach (var (_, answer) in _inFlight)
            {
                if (answer.Exception?.InnerException is LogUnavailableException refusal) Assert.True(refusal.RetryMayHelp);
            }
            await SettleAsync();
            _disk.Faults.Clear();
            Assert.Null(Log.Failure);
            SettleGroup();
        }

        private async Task FailCommitAsync(Action fault)
        {
            fault();
            Log.CommitQueued();
            await SettleAsync();
            _disk.Faults.Clear();
            if (Log.Failure is null)
            {
                SettleGroup();
                return;
            }
            await Assert.ThrowsAsync<LogUnavailableException>(async () => await Log.EnqueueAsync(Batch(0, 1), TestContext.Current.CancellationToken));
            await Log.DisposeAsync();
            _log = null;
            SettleGroup();
            CompareAfterOpening();
        }

        private async Task TruncateAsync()
        {
            await CommitAsync();
            var crashes = _random.Next(3) == 0;
            if (crashes) _disk.Faults.StopAfter(_random.Next(4));
            var safe = _random.Next(_model.First, _model.End + 1);
            Truncations++;
            try
            {
                await Log.TruncateBeforeAsync(new LogOffset(safe), TestContext.Current.CancellationToken);
            }
            catch (LogUnavailableException)
            {
                Assert.True(crashes);
            }
            if (crashes)
            {
                _disk.LosePower();
                await DropAsync();
            }
            Assert.InRange(Log.FirstOffset.Value, _model.First, safe);
            _model.First = (int)Log.FirstOffset.Value;
            CompareAfterOpening();
        }

        private async Task EraseAsync()
        {
            await CommitAsync();
            var user = Sample(_random.Next(101)).UserId;
            var before = _random.Next(_model.End + 1);
            var crashes = _random.Next(2) == 0;
            if (crashes) _disk.Faults.StopAfter(_random.Next(40));
            Erasures++;
            try
            {
                await EraseAsync(user, before);
            }
            catch (LogUnavailableException)
            {
                Assert.True(crashes);
            }
            if (crashes)
            {
                _disk.LosePower();
                await DropAsync();
                await EraseAsync(user, before);
            }
            _model.Erase(user, before);
            Compare(0, _model.End);
        }

        private async Task EraseAsync(string user, int before)
        {
            var erasure = Log.EraseUsersAsync(each => each == user, new LogOffset(before), TestContext.Current.CancellationToken);
            // It asks the appender for a new segment.
            while (!erasure.IsCompleted)
            {
                Log.CommitQueued();
                await Task.Yield();
            }
            await erasure;
        }

        private async Task InspectAsync()
        {
            await CommitAsync();
            var report = LogInspector.Inspect(LogDirectory, _disk, TestContext.Current.CancellationToken);
            Assert.True(report.IsSound);
            Assert.Equal(_model.First, report.FirstOffset.Value);
            Assert.Equal(_model.End, report.EndOffset.Value);
            Assert.Equal(_model.Entries(0, _model.End).Count(entry => entry.IsInteraction), report.Interactions);
        }

        /// <summary>Waits for all answers, whatever they are.</summary>
        private Task SettleAsync() => Task.WhenAll(_inFlight.Select(append => append.Answer.ContinueWith(_ => { }, TaskScheduler.Default)));

        /// <summary>
        /// After a commit that may have failed: the group is in the log as a whole or not at all, and what was acknowledged is in it. In a group that failed, a fenced batch is
        /// told so and the others are not acknowledged.
        /// </summary>
        private void SettleGroup()
        {
            var before = _model.Mark();
            var acknowledged = false;
            foreach (var (batch, answer) in _inFlight)
            {
                var expected = _model.Append(batch, out _);
                if (!answer.IsCompletedSuccessfully) continue;
                acknowledged = true;
                Assert.Equal(expected, answer.Result);
            }
            var whole = Agrees();
            if (!whole) _model.GoBack(before);
            if (_inFlight.Any(append => append.Answer.Exception?.InnerException is LogUnavailableException)) FailedCommits++;
            Assert.True(whole || !acknowledged, "an acknowledged batch is missing");
            Assert.True(whole || Agrees(), $"the log holds neither what was there before, up to {before.End}, nor all of the group; it ends at {Log.DurableOffset}");
            _inFlight.Clear();
        }

        // Batches tell no recall ids.
        private static LogEntry WithoutRecall(LogEntry entry) => entry with { Interaction = entry.Interaction with { RecallId = null } };

        private bool Agrees() => Log.DurableOffset.Value == _model.End
            && _model.Producers.All(producer => Log.DurableSequenceOf(new ProducerId(producer.Key, Math.Max(producer.Value.Epoch, KnownEpoch(producer.Key)))) == producer.Value.Done);

        private ulong KnownEpoch(string name)
        {
            try
            {
                Log.DurableSequenceOf(new ProducerId(name, 0));
                return 0;
            }
            catch (ProducerFencedException e)
            {
                return e.CurrentEpoch;
            }
        }

        /// <summary>The old process is gone; what it had in flight was never written, unless a commit had begun.</summary>
        private async Task DropAsync()
        {
            Crashes++;
            await Log.DisposeAsync();
            _log = null;
            if (Doing is not "lose power inside a commit") _inFlight.Clear();
        }

        private InteractionLog Open() => InteractionLog.Open(LogDirectory, Options, TimeProvider.System, NullLogger.Instance, new SimulatedProcess(_disk), startAppender: false);

        private void CompareAfterOpening()
        {
            Assert.True(Agrees(), $"offset {Log.DurableOffset}, expected {_model.End}, or a producer's number");
            Compare(_model.End - 30, _model.End);
        }

        private void Compare(int from, int to)
        {
            var scan = Log.ScanAll(new LogOffset(Math.Max(0, from)), new LogOffset(to), TestContext.Current.CancellationToken);
            AssertSame(_model.Entries(Math.Max(0, from), to), scan);
            var batches = Log.ScanBatches(_batch, new LogOffset(Math.Max(0, from)), new LogOffset(to), TestContext.Current.CancellationToken);
            AssertSame(_model.Entries(Math.Max(0, from), to).Select(WithoutRecall), batches.SelectMany(EntriesOf));
        }
    }
}
