using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Training.Tests;

public sealed class TrainingScheduleTests
{
    private static readonly TrainingOptions Options = new() { Epochs = 3, LearningRate = 0.1, LearningRateSchedule = LearningRateSchedule.Linear };

    [Fact]
    public void TryTake_UntilTheEnd_CoversEverySessionOncePerEpoch()
    {
        var corpus = TestCorpus.Clusters(4, 30, 700, 12);
        var blocks = TakeAll(new TrainingSchedule(corpus, Options, 2, Options.Epochs, Timeout.InfiniteTimeSpan));
        foreach (var epoch in blocks.GroupBy(block => block.Epoch))
        {
            var sessions = epoch.SelectMany(block => Enumerable.Range(block.FirstSession, block.EndSession - block.FirstSession));
            Assert.Equal(Enumerable.Range(0, corpus.SessionCount), sessions.Order());
        }

        Assert.Equal([0, 1, 2], blocks.Select(block => block.Epoch).Distinct());
        Assert.Equal(Enumerable.Range(0, blocks.Count), blocks.Select(block => (int)block.Number));
    }

    [Fact]
    public void TryTake_EpochAfterEpoch_ChangesTheOrder()
    {
        var blocks = TakeAll(new TrainingSchedule(TestCorpus.Clusters(4, 30, 700, 12), Options, 1, Options.Epochs, Timeout.InfiniteTimeSpan));
        var orders = blocks.GroupBy(block => block.Epoch).Select(epoch => string.Join(' ', epoch.Select(block => block.FirstSession)));
        Assert.Equal(3, orders.Distinct().Count());
    }

    [Fact]
    public void TryTake_BlockAfterBlock_LowersTheRateLinearlyToAFloor()
    {
        var blocks = TakeAll(new TrainingSchedule(TestCorpus.Clusters(4, 30, 700, 12), Options, 1, Options.Epochs, Timeout.InfiniteTimeSpan));
        Assert.Equal(0.1f, blocks[0].LearningRate);
        for (int i = 1; i < blocks.Count; i++)
        {
            Assert.Equal(Math.Max(1e-5, 0.1 * (1 - ((double)i / blocks.Count))), blocks[i].LearningRate, 1e-7);
        }
    }

    [Fact]
    public void TryTake_ClockAheadOfTheBlocks_LowersTheRateByTheClockAndEnds()
    {
        var time = new FakeTimeProvider();
        var schedule = new TrainingSchedule(TestCorpus.Clusters(4, 30, 700, 12), Options, 1, Options.Epochs, TimeSpan.FromSeconds(10), time);
        Assert.True(schedule.TryTake(out var block));
        Assert.Equal(0.1f, block.LearningRate);
        time.Advance(TimeSpan.FromSeconds(7.5));
        Assert.True(schedule.TryTake(out block));
        Assert.Equal(0.025f, block.LearningRate, 1e-6f);
        time.Advance(TimeSpan.FromSeconds(2.5));
        Assert.False(schedule.TryTake(out _));
    }

    [Fact]
    public void TryTake_TimeUpBeforeTheFirstBlock_GivesThatOne()
    {
        var time = new FakeTimeProvider();
        var schedule = new TrainingSchedule(TestCorpus.Of("a b"), Options, 1, Options.Epochs, TimeSpan.FromSeconds(10), time);
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.True(schedule.TryTake(out _));
        Assert.False(schedule.TryTake(out _));
    }

    [Fact]
    public void TryTake_PartOfAnEpoch_GivesThatPartOfTheBlocks()
    {
        var corpus = TestCorpus.Clusters(4, 30, 700, 12);
        var schedule = new TrainingSchedule(corpus, Options, 1, 0.25, Timeout.InfiniteTimeSpan);
        int sessions = TakeAll(schedule).Sum(block => block.EndSession - block.FirstSession);
        Assert.InRange(sessions, corpus.SessionCount / 5, corpus.SessionCount / 3);
    }

    [Fact]
    public async Task TryTake_FromSeveralThreads_GivesEveryBlockOnce()
    {
        var schedule = new TrainingSchedule(TestCorpus.Clusters(4, 30, 2000, 12), Options, 4, 20, Timeout.InfiniteTimeSpan);
        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => TakeAll(schedule), TestContext.Current.CancellationToken)));
        Assert.Equal(Enumerable.Range(0, (int)schedule.BlockCount), taken.SelectMany(blocks => blocks).Select(block => (int)block.Number).Order());
    }

    private static List<TrainingBlock> TakeAll(TrainingSchedule schedule)
    {
        var blocks = new List<TrainingBlock>();
        while (schedule.TryTake(out var block))
        {
            blocks.Add(block);
        }

        return blocks;
    }
}
