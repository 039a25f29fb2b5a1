using System.Globalization;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>Memory that the chart derives from items, dimension and users, held against a daemon that has them.</summary>
public sealed class ChartSizingTests : IDisposable
{
    private const int Items = 10_000;
    private const int Users = 2_000;
    private const int Dimension = 64;
    private const double Native = 128 * 1024 * 1024;

    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("sizing.items=1000000")]
    [InlineData("sizing.users=5000000")]
    [InlineData("sizing.interactions=1000000000")]
    [InlineData("settings.Model.Training.Dimension=256")]
    [InlineData("settings.Model.HistoryLength=200")]
    [InlineData("settings.Model.Index.M=48")]
    [InlineData("settings.Recall.Cache.MemoryBytes=4294967296")]
    public async Task Memory_OfMore_IsMore(string more)
    {
        var (usual, larger) = (await HelmChart.RenderAsync(Cancel), await HelmChart.RenderAsync(Cancel, "--set", more));
        Assert.True(Bytes(larger, limit: true) > Bytes(usual, limit: true));
        Assert.True(Bytes(usual, limit: true) > Bytes(usual, limit: false));
    }

    [Fact]
    public async Task Memory_Derived_BoundsTheManagedHeapBelowTheLimit()
    {
        var chart = await HelmChart.RenderAsync(Cancel);
        Assert.InRange(HeapLimit(chart), 128 * 1024 * 1024, Bytes(chart, limit: true) - Native);
    }

    [Fact]
    public async Task Memory_Given_IsTakenAsItIs()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "resources.limits.memory=3Gi");
        Assert.Equal(3.0 * 1024 * 1024 * 1024, Bytes(chart, limit: true));
        Assert.Equal(3.0 * 1024 * 1024 * 1024, Bytes(chart, limit: false));
        Assert.DoesNotContain(chart.Daemon.Env ?? [], v => v.Name == "DOTNET_GCHeapHardLimit");
        Assert.Equal("1", chart.Daemon.Resources.Requests["cpu"].ToString());
    }

    [Fact]
    public async Task Memory_Guaranteed_IsRequestedWhole()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "sizing.guaranteed=true");
        Assert.Equal(Bytes(chart, limit: true), Bytes(chart, limit: false));
    }

    [Fact]
    public async Task Memory_OfADaemonThatTrained_FitsWhatIsDerivedForIt()
    {
        // Everybody has a whole history, and every item neighbours.
        var interactions = Enumerable.Range(0, Users * 50).Select(n => new Interaction
        {
            UserId = $"user-{n % Users}",
            ItemId = $"item-{(int)((uint)n * 2654435761 % Items)}",
            EventTimeMs = 1_600_000_000_000 + (n * 1000L),
            Type = InteractionType.Click,
        });
        var chart = await HelmChart.RenderAsync(
            Cancel, "--set", $"sizing.items={Items},sizing.users={Users},sizing.interactions={Users * 50},settings.Model.Training.Dimension={Dimension}");
        var environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = chart.Daemon.Env.Single(v => v.Name == "DOTNET_GCHeapHardLimit").Value };
        await using var daemon = await DaemonProcess.StartAsync(
            _data.FullPath, environment, Cancel, $"--EmbeddingGrpc:Model:Training:Dimension={Dimension}", "--EmbeddingGrpc:Model:Training:Epochs=1");
        await daemon.AppendAsync(interactions, Cancel);
        await daemon.TrainAsync(Cancel);
        await daemon.TrainAsync(Cancel);
        await Eventually.TrueAsync("everything is applied", async () => (await daemon.GetModelAsync(Cancel)).AppliedOffset == Users * 50, Cancel);

        var metrics = await DaemonMetrics.ScrapeAsync(daemon, Cancel);
        double Room(params string[] rooms) => rooms.Sum(room => metrics.Of("embeddinggrpc_memory_room_bytes", $"room=\"{room}\""));
        // As the chart's README says: three rows, two indexes, the vocabulary.
        const double generation = Items * ((3 * 4 * Dimension) + (2 * (Dimension + (8 * 16) + 32)) + 100);
        // Not less than is used, and not so much more that the formula would say nothing.
        Assert.InRange(Room("vectors", "indexes", "vocabulary"), generation * 0.5, generation);
        Assert.InRange(Room("item_graph", "histories"), 1, Bytes(chart, limit: true) - HeapLimit(chart) - (3 * generation) - Native);
        Assert.True(Room("item_keys", "counters", "item_graph", "histories") <= Bytes(chart, limit: false) - generation - Native);
        var highest = File.ReadLines($"/proc/{daemon.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        Assert.InRange(double.Parse(highest.Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024, 1, Bytes(chart, limit: true));
    }

    private static double Bytes(RenderedChart chart, bool limit)
    {
        var quantity = (limit ? chart.Daemon.Resources.Limits : chart.Daemon.Resources.Requests)["memory"];
        return quantity.ToDouble();
    }

    private static double HeapLimit(RenderedChart chart) =>
        long.Parse(chart.Daemon.Env.Single(v => v.Name == "DOTNET_GCHeapHardLimit").Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
