using System.Globalization;
using System.Text;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;

namespace EmbeddingGrpc.FunctionalTests.Recall;

/// <summary>A catalogue that loses a third of its items: the serving graphs are built anew without them, while recalls go on.</summary>
public sealed class IndexCompactionTests : IDisposable
{
    private const int Items = 1200;
    private const int Dimension = 12;

    // Every third: more than the fifth from which on a graph is built anew.
    private const int DeletedEvery = 3;

    private static readonly string[] Settings =
    [
        .. ShoppingWorld.Settings,
        "--EmbeddingGrpc:Model:ExactSearchBelow=100",
        "--EmbeddingGrpc:Model:IndexCare:ProbesASecond=2000",
        "--EmbeddingGrpc:Recall:Cache:MemoryBytes=0",
        "--EmbeddingGrpc:Recall:Admission:MaximumWait=00:01:00",
    ];

    private readonly TemporaryDirectory _data = new();
    private readonly float[][] _vectors = Vectors();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task DeleteItems_AThirdOfTheCatalogueUnderLoad_CompactsBothIndexesAndLosesNoOther()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, Settings);
        await ImportAsync(daemon);
        using var stopping = new CancellationTokenSource();
        var isDeleted = new StrongBool();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(caller => AskAsync(daemon, caller, isDeleted, stopping.Token)));
        try
        {
            var deleted = Enumerable.Range(0, Items).Where(IsDeleted).Select(IdOf).ToArray();
            await daemon.Catalog.DeleteItemsAsync(new DeleteItemsRequest { ItemIds = { deleted } }, cancellationToken: Cancel);
            await Eventually.TrueAsync("a deletion holds for recalls", async () => (await RecallAsync(daemon, 1)).Candidates.All(candidate => !deleted.Contains(candidate.ItemId)), Cancel);
            isDeleted.Value = true;
            await Eventually.TrueAsync(
                "both indexes are built anew without the deleted items",
                async () =>
                {
                    var metrics = await DaemonMetrics.ScrapeAsync(daemon, Cancel);
                    return ((string[])["similar", "next"]).All(index =>
                        metrics.SumOf("embeddinggrpc_index_compactions_total", $"index=\"{index}\"") >= 1
                        && metrics.SumOf("embeddinggrpc_index_tombstones", $"index=\"{index}\"") == 0);
                },
                Cancel);
            Assert.False(load.IsCompleted, "The recalls ended before they were told to.");
        }
        finally
        {
            await stopping.CancelAsync();
        }

        // A caller that met a failure, an empty answer or a deleted item throws it here.
        Assert.All(await load, answers => Assert.True(answers > 0));
        var live = Enumerable.Range(0, Items).Where(item => !IsDeleted(item)).ToArray();
        foreach (var item in live)
        {
            // By its own vector every item is the nearest: the one answer that tells whether the new graph leads to it.
            var answer = await daemon.Recall.RecallAsync(new RecallRequest { Vector = new VectorQuery { Values = { _vectors[item] } }, K = 1 }, cancellationToken: Cancel);
            Assert.Equal(IdOf(item), Assert.Single(answer.Candidates).ItemId);
        }

        var all = await daemon.RecallItemAsync(IdOf(live[0]), Cancel, k: 1000);
        Assert.Equal(live.Skip(1).Select(IdOf).Order(StringComparer.Ordinal), all.Candidates.Select(candidate => candidate.ItemId).Order(StringComparer.Ordinal));
        Assert.Equal(0, (await DaemonMetrics.ScrapeAsync(daemon, Cancel)).SumOf("embeddinggrpc_index_orphans_total"));
    }

    private static bool IsDeleted(int item) => item % DeletedEvery == 0;

    private static string IdOf(int item) => $"item-{item}";

    private static async Task<RecallResponse> RecallAsync(DaemonProcess daemon, int item) => await daemon.RecallItemAsync(IdOf(item), CancellationToken.None, k: 50);

    /// <summary>Recalls items that stay, one after the other, until it is told to stop.</summary>
    private static async Task<int> AskAsync(DaemonProcess daemon, int caller, StrongBool isDeleted, CancellationToken stopping)
    {
        var answers = 0;
        for (var n = caller; !stopping.IsCancellationRequested; n += 4)
        {
            var wereDeleted = isDeleted.Value;
            var item = n % Items;
            if (IsDeleted(item)) continue;
            var answer = await RecallAsync(daemon, item);
            Assert.Equal(50, answer.Candidates.Count);
            if (wereDeleted) Assert.DoesNotContain(answer.Candidates, candidate => IsDeleted(int.Parse(candidate.ItemId["item-".Length..], CultureInfo.InvariantCulture)));
            answers++;
        }

        return answers;
    }

    private static float[][] Vectors()
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, Items).Select(_ => Enumerable.Range(0, Dimension).Select(_ => random.NextSingle() - 0.5f).ToArray())];
    }

    private async Task ImportAsync(DaemonProcess daemon)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Items} {Dimension}\n");
        for (var item = 0; item < Items; item++) text.Append(IdOf(item)).Append(' ').AppendJoin(' ', _vectors[item].Select(value => value.ToString("R", CultureInfo.InvariantCulture))).Append('\n');
        using var call = daemon.Models.ImportVectors(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new ImportVectorsRequest { Start = new ImportVectorsStart { Format = VectorFormat.Word2VecText } }, Cancel);
        await call.RequestStream.WriteAsync(new ImportVectorsRequest { Input = ByteString.CopyFromUtf8(text.ToString()) }, Cancel);
        await call.RequestStream.CompleteAsync();
        Assert.NotEmpty((await call.ResponseAsync).Generation.Id);
        await daemon.WaitUntilRecallServesAsync(Cancel);
    }

    private sealed class StrongBool
    {
        private volatile bool _value;

        public bool Value { get => _value; set => _value = value; }
    }
}
