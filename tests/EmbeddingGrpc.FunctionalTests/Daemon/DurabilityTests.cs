using System.Globalization;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>Durability is a setting: what it is set to is what happens.</summary>
public sealed class DurabilityTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("Fsync", true)]
    [InlineData("Os", false)]
    public async Task Append_AsConfigured_SyncsOrNotAndSurvivesAKill(string durability, bool syncs)
    {
        var settings = $"--EmbeddingGrpc:Model:Log:Durability={durability}";
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, settings))
        {
            await daemon.AppendAsync(ShoppingWorld.Interactions, Cancel);
            Assert.Equal(syncs, await SyncsAsync(daemon) > 0);
            await daemon.KillAsync();
        }

        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, settings))
            Assert.Equal((ulong)ShoppingWorld.Interactions.Count, (await daemon.GetModelAsync(Cancel)).DurableOffset);
    }

    private static async Task<double> SyncsAsync(DaemonProcess daemon)
    {
        var page = await daemon.Http.GetStringAsync("/metrics", Cancel);
        Assert.Contains("embeddinggrpc_log_entries", page, StringComparison.Ordinal);
        return page.Split('\n')
            .Where(line => line.StartsWith("embeddinggrpc_log_sync_duration_seconds_count", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split('}')[^1].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
    }
}
