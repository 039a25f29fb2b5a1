using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>A full disk stops writes with an error that says so, and nothing else: recalls go on, and room lets writes go on too.</summary>
public sealed class FullDiskTests
{
    private const int BadDataDirectory = 3;

    // So that the disk fills in seconds and not in one jump of a whole segment.
    private static readonly string[] Settings = [.. ShoppingWorld.Settings, "--EmbeddingGrpc:Model:Log:SegmentSizeBytes=1048576"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Append_OnAFullDisk_IsRefusedUntilThereIsRoom()
    {
        await using var disk = await SmallDisk.MountAsync(8, Cancel);
        var ballast = Path.Combine(disk.FullPath, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[2 * 1024 * 1024], Cancel);

        await using var daemon = await DaemonProcess.StartAsync(Path.Combine(disk.FullPath, "data"), Cancel, Settings);
        var generation = await daemon.LearnShoppingAsync(Cancel);
        var error = await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, () => FillAsync(daemon));
        Assert.Contains("disk", error.Status.Detail, StringComparison.OrdinalIgnoreCase);

        Assert.Equal(generation.Id, (await daemon.RecallItemAsync("books-0", Cancel)).GenerationId);

        File.Delete(ballast);
        var before = (await daemon.GetModelAsync(Cancel)).DurableOffset;
        await Eventually.TrueAsync("events are taken again", () => TryAppendAsync(daemon), Cancel);
        Assert.True((await daemon.GetModelAsync(Cancel)).DurableOffset > before);
    }

    [Fact]
    public async Task Restart_AfterAFullDisk_HasWhatWasAcknowledged()
    {
        await using var disk = await SmallDisk.MountAsync(6, Cancel);
        var data = Path.Combine(disk.FullPath, "data");
        ulong durable;
        await using (var daemon = await DaemonProcess.StartAsync(data, Cancel, Settings))
        {
            await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, () => FillAsync(daemon));
            durable = (await daemon.GetModelAsync(Cancel)).DurableOffset;
            await daemon.KillAsync();
        }

        await using (var daemon = await DaemonProcess.StartAsync(data, Cancel, Settings))
            Assert.Equal(durable, (await daemon.GetModelAsync(Cancel)).DurableOffset);
    }

    [Fact]
    public async Task Train_WithoutRoomForTheGeneration_KeepsTheServingOne()
    {
        await using var disk = await SmallDisk.MountAsync(8, Cancel);
        await using var daemon = await DaemonProcess.StartAsync(Path.Combine(disk.FullPath, "data"), Cancel, Settings);
        var generation = await daemon.LearnShoppingAsync(Cancel);
        Fill(Path.Combine(disk.FullPath, "ballast"));

        var error = await Assert.ThrowsAsync<RpcException>(() => daemon.TrainAsync(Cancel));
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal(generation.Id, (await daemon.RecallItemAsync("books-0", Cancel)).GenerationId);
    }

    [Fact]
    public async Task Start_OnAReadOnlyDisk_SaysSoAndEnds()
    {
        await using var disk = await SmallDisk.MountAsync(8, Cancel);
        var data = Path.Combine(disk.FullPath, "data");
        await using (var daemon = await DaemonProcess.StartAsync(data, Cancel)) await daemon.StopAsync(Cancel);
        await disk.MakeReadOnlyAsync(Cancel);

        var run = await DaemonProcess.RunAsync(data, Cancel);
        Assert.Equal(BadDataDirectory, run.ExitCode);
        Assert.Contains(data, run.Errors, StringComparison.Ordinal);
        Assert.Contains("read-only", run.Errors, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Appends until the disk is full.</summary>
    private static async Task FillAsync(DaemonProcess daemon)
    {
        // No two alike: the log writes an id once for each group of interactions.
        for (var request = 0; request < 10_000; request++) await daemon.AppendAsync(Wide(request, 1000), Cancel);
    }

    private static async Task<bool> TryAppendAsync(DaemonProcess daemon)
    {
        try
        {
            await daemon.AppendAsync(Wide(0, 10), Cancel);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
        {
            return false;
        }
    }

    private static IEnumerable<Interaction> Wide(int request, int count) => Enumerable.Range(0, count).Select(i => new Interaction
    {
        UserId = $"{request}-{i}-".PadRight(200, 'u'),
        ItemId = $"{request}-{i}-".PadRight(200, 'i'),
        EventTimeMs = 1_600_000_000_000 + i,
    });

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true) file.Write(block);
        }
        catch (IOException)
        {
            // Full: what was wanted.
        }
    }
}
