using EmbeddingGrpc.Cli.Status;

namespace EmbeddingGrpc.Cli.Tests.Status;

public sealed class StatusScreenTests
{
    private static readonly DaemonStatus Status = new()
    {
        Models = [],
        Unavailable = ["films: its log is damaged"],
        Process = new ProcessStatus(200 * 1024 * 1024, 0, 0, 0, 10),
        Ingest = new IngestStatus(1, 5000, 2, 3),
        Recall = new RecallStatus(100, 20, 50, 30, 0.001, double.PositiveInfinity),
    };

    [Fact]
    public void Rows_OneLook_HasNoRates()
    {
        var screen = Text(StatusScreen.Rows(Status));

        Assert.Contains("films: its log is damaged", screen, StringComparison.Ordinal);
        Assert.Contains("200.0 MiB in use", screen, StringComparison.Ordinal);
        Assert.Contains("half within 1 ms, 99 of 100 within more than the slowest bucket", screen, StringComparison.Ordinal);
        Assert.Contains("50.0 % from memory, 30.0 % from Redis, 20.0 % searched", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("a second", screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_SecondLook_HasRates()
    {
        var before = Status with { Ingest = Status.Ingest! with { Appended = 1000 }, Recall = Status.Recall! with { Calls = 0 }, Process = Status.Process! with { CpuSeconds = 9 } };

        var screen = Text(StatusScreen.Rows(Status, (before, TimeSpan.FromSeconds(2))));

        Assert.Contains("(2,000 a second)", screen, StringComparison.Ordinal);
        Assert.Contains("(50 a second)", screen, StringComparison.Ordinal);
        Assert.Contains("(0.50 cores)", screen, StringComparison.Ordinal);
    }

    private static string Text(IEnumerable<IReadOnlyList<string>> rows) => string.Join('\n', rows.Select(row => string.Join(": ", row)));
}
