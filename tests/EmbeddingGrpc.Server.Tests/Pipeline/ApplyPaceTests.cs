using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class ApplyPaceTests
{
    [Fact]
    public void AdmitBefore_AfterSteadyMeasurements_IsWhatIsAppliedWithinTheLag()
    {
        var pace = new ApplyPace(TimeSpan.FromSeconds(0.25), default, default);
        for (var i = 0; i < 100; i++) pace.Note(10_000, TimeSpan.FromMilliseconds(10));
        Assert.InRange(pace.AdmitBefore(new LogOffset(1000)).Value, 1000 + 249_000, 1000 + 251_000);
    }

    [Fact]
    public void AdmitBefore_AnApplierThatHardlyMoves_LeavesRoomForTwoLargeRequests()
    {
        var pace = new ApplyPace(TimeSpan.FromSeconds(0.5), default, default);
        for (var i = 0; i < 100; i++) pace.Note(10_000, TimeSpan.FromSeconds(10));
        Assert.Equal(2 * IngestOptions.MaximumRequestInteractions, pace.AdmitBefore(default).Value);
    }

    [Fact]
    public void Note_FewEntriesAtATime_AreMeasuredTogether()
    {
        var pace = new ApplyPace(TimeSpan.FromSeconds(1), default, default);
        for (var i = 0; i < 1_000_000; i++) pace.Note(1, TimeSpan.FromMicroseconds(2));
        Assert.InRange(pace.AdmitBefore(default).Value, 499_000, 501_000);
    }

    [Fact]
    public void AdmitBefore_WhileTheLogIsReplayed_LetsItGrowHalfAsFastAndEndsAtTheLead()
    {
        const long Replay = 1_000_000;
        var pace = new ApplyPace(TimeSpan.FromSeconds(0.1), new LogOffset(500), new LogOffset(500 + Replay));
        var lead = pace.AdmitBefore(new LogOffset(500)).Value - 500 - Replay;
        Assert.Equal(20_000, lead);
        for (var applied = 0L; applied <= 4 * Replay; applied += 1000)
        {
            var ahead = pace.AdmitBefore(new LogOffset(500 + applied)).Value - 500 - applied;
            Assert.Equal(lead + Math.Max(0, Replay - (applied / 2)), ahead);
        }
    }
}
