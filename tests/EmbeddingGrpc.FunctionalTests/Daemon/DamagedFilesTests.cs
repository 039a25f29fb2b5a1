using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>A damaged file is named, never taken for data; what can still be done is done.</summary>
public sealed class DamagedFilesTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string LogDirectory => _data.File("models", "default", "log");

    private string GenerationsDirectory => _data.File("models", "default", "generations");

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Start_WithATornLog_RepairsItAndKeepsWhatWasAcknowledged()
    {
        await FillLogAsync(batches: 3);
        var segment = Segments()[^1];
        // Half a group: what a power cut leaves when only the file's length reached the disk.
        await using (var file = new FileStream(segment, FileMode.Append)) file.Write(new byte[1000]);

        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        Assert.True(await daemon.ReadyAsync("EventService", Cancel), daemon.Output);
        Assert.Equal(300UL, (await daemon.GetModelAsync(Cancel)).DurableOffset);
        await daemon.AppendAsync(ShoppingWorld.Interactions.Take(10), Cancel);
        Assert.Equal(310UL, (await daemon.GetModelAsync(Cancel)).DurableOffset);
    }

    [Fact]
    public async Task Start_WithACorruptLog_SaysWhereAndRefusesEvents()
    {
        await FillLogAsync(batches: 3);
        var segment = Segments()[0];
        var bytes = await File.ReadAllBytesAsync(segment, Cancel);
        // In the middle: valid groups follow, so it cannot be the torn tail of a crash.
        bytes[bytes.Length / 2] ^= 0xFF;
        await File.WriteAllBytesAsync(segment, bytes, Cancel);

        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        using var ready = await daemon.Http.GetAsync("/readyz?service=EventService", Cancel);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var reason = await ready.Content.ReadAsStringAsync(Cancel);
        Assert.Contains(Path.GetFileName(segment), reason, StringComparison.Ordinal);
        Assert.Contains("corrupt", reason, StringComparison.Ordinal);

        var error = await RpcAssert.ReasonAsync(
            StatusCode.Unavailable, "MODEL_UNAVAILABLE", () => daemon.AppendAsync(ShoppingWorld.Interactions.Take(1), Cancel));
        Assert.Contains("corrupt", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(segment, Cancel));
    }

    [Fact]
    public async Task Start_WithACorruptGeneration_ServesTheOneBefore()
    {
        Generation first, second;
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            first = await daemon.LearnShoppingAsync(Cancel);
            second = await daemon.TrainAsync(Cancel);
            await daemon.StopAsync(Cancel);
        }

        var damaged = DamageLargestFileOf(second);
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            await daemon.WaitUntilRecallServesAsync(Cancel);
            Assert.Equal(first.Id, (await daemon.RecallItemAsync("books-0", Cancel)).GenerationId);
            Assert.Contains(Path.GetFileName(damaged), daemon.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Start_WithItsOnlyGenerationCorrupt_TakesEventsAndTrainsAnew()
    {
        Generation only;
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            only = await daemon.LearnShoppingAsync(Cancel);
            await daemon.StopAsync(Cancel);
        }

        DamageLargestFileOf(only);
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings))
        {
            Assert.True(await daemon.ReadyAsync("EventService", Cancel), daemon.Output);
            await RpcAssert.ReasonAsync(StatusCode.FailedPrecondition, "NO_GENERATION", () => daemon.RecallItemAsync("books-0", Cancel));
            var anew = await daemon.TrainAsync(Cancel);
            Assert.NotEqual(only.Id, anew.Id);
            Assert.Equal(anew.Id, (await daemon.RecallItemAsync("books-0", Cancel)).GenerationId);
        }
    }

    private async Task FillLogAsync(int batches)
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        for (var batch = 0; batch < batches; batch++) await daemon.AppendAsync(ShoppingWorld.Interactions.Skip(batch * 100).Take(100), Cancel);
        await daemon.StopAsync(Cancel);
    }

    // The largest files of the log are its segments.
    private List<string> Segments()
    {
        var files = Directory.EnumerateFiles(LogDirectory).Where(path => new FileInfo(path).Length > 1000).Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(files);
        return files;
    }

    private string DamageLargestFileOf(Generation generation)
    {
        var folder = Directory.EnumerateDirectories(GenerationsDirectory).Single(path => path.Contains(generation.Id, StringComparison.Ordinal));
        var file = Directory.EnumerateFiles(folder).MaxBy(path => new FileInfo(path).Length)!;
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 0x01;
        File.WriteAllBytes(file, bytes);
        return file;
    }
}
