using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Upgrade;

/// <summary>A daemon reads what every version before it has left, and refuses what a newer one has written, by file and by number.</summary>
public sealed class UpgradeTests : IDisposable
{
    private const int BadDataDirectory = 3;

    private readonly TemporaryDirectory _folder = new();

    public static TheoryData<string> Kept { get; } = new(KeptData.Names());

    public static TheoryData<string> KeptTrees { get; } = new(KeptData.Trees());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string[] Settings { get; } = KeptData.SettingsOf(KeptData.Newest());

    private string Data => _folder.File("data");

    private string Model => Path.Combine(Data, "models", "default");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kept))]
    public async Task Start_DataOfAnEarlierVersion_HasAllOfItAndGoesOn(string kept)
    {
        var expected = KeptData.Extract(kept, Data);
        await using (var daemon = await DaemonProcess.StartAsync(Data, Cancel, KeptData.SettingsOf(kept)))
        {
            Assert.Equivalent(expected, await KeptData.DescribeAsync(daemon, Cancel), strict: true);
            Assert.Contains("from checkpoint", daemon.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("passed over", daemon.Output, StringComparison.Ordinal);
            await RpcAssert.FailsAsync(StatusCode.NotFound, async () => await daemon.RecallItemAsync(KeptData.DeletedItem, Cancel));
            var erased = await daemon.Recall.RecallAsync(new RecallRequest { User = new UserQuery { UserId = KeptData.ErasedUser } }, cancellationToken: Cancel);
            Assert.Equal(RecallBasis.Popular, erased.Basis);

            // What the producer has sent is known, and what comes is taken.
            using var stream = await EventStreamCall.OpenAsync(daemon, KeptData.Producer, Cancel);
            foreach (var chunk in ShoppingWorld.Interactions.Take((int)expected.Sequence + 100).Chunk(100)) await stream.SendAsync(chunk);
            await stream.FinishAsync();
            Assert.Equal(expected.DurableOffset + 100, (await daemon.GetModelAsync(Cancel)).DurableOffset);
            var filter = new Filter { Text = new TextCondition { Attribute = "tags", AnyOf = { "odd" } } };
            var filtered = await daemon.Recall.RecallAsync(new RecallRequest { Item = new ItemQuery { ItemId = "books-0" }, Filter = filter, K = 5 }, cancellationToken: Cancel);
            Assert.All(filtered.Candidates, candidate => Assert.Equal(1, int.Parse(candidate.ItemId.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture) % 2));
            foreach (var id in expected.Generations) await daemon.Models.PromoteGenerationAsync(new PromoteGenerationRequest { GenerationId = id }, cancellationToken: Cancel);
            Assert.DoesNotContain((await daemon.TrainAsync(Cancel)).Id, expected.Generations);
            await daemon.StopAsync(Cancel);
        }

        await using var again = await DaemonProcess.StartAsync(Data, Cancel, KeptData.SettingsOf(kept));
        var described = await KeptData.DescribeAsync(again, Cancel);
        Assert.Equal((expected.DurableOffset + 100, expected.Sequence + 100), (described.DurableOffset, described.Sequence));
        Assert.Equal(expected.Catalogue, described.Catalogue);
    }

    [Theory]
    [MemberData(nameof(KeptTrees))]
    public async Task Start_GenerationsOfATree_AnswerByWhatIsSimilarAndAreTrainedOn(string kept)
    {
        KeptData.Extract(kept, Data);
        foreach (var generation in Directory.EnumerateDirectories(Path.Combine(Model, "generations")))
        {
            Assert.Contains("\"formatVersion\": 2", await File.ReadAllTextAsync(Path.Combine(generation, "manifest.json"), Cancel), StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(generation, "output.vectors")));
        }

        await using var daemon = await DaemonProcess.StartAsync(Data, Cancel, KeptData.SettingsOf(kept));
        await daemon.WaitUntilRecallServesAsync(Cancel);
        await AnswersByDepartmentAsync(daemon);

        var trained = await daemon.TrainAsync(Cancel);

        Assert.True(trained.Serving);
        Assert.Equal("SkipGramHierarchicalSoftmax", (await daemon.GetModelAsync(Cancel)).Options["Training.Objective"]);
        await AnswersByDepartmentAsync(daemon);
    }

    [Fact]
    public async Task Start_DirectoryOfANewerVersion_IsRefused()
    {
        Extract();
        await File.WriteAllTextAsync(Path.Combine(Data, "format"), "embeddinggrpc-data 2\n", Cancel);

        var run = await DaemonProcess.RunAsync(Data, Cancel);

        Assert.Equal(BadDataDirectory, run.ExitCode);
        Assert.Contains("format version 2", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("log", "*.log")]
    [InlineData("checkpoints", "*.checkpoint")]
    public async Task Start_LogOrCheckpointOfANewerVersion_ClosesTheModelAndNamesTheFile(string folder, string pattern)
    {
        Extract();
        var path = Directory.EnumerateFiles(Path.Combine(Model, folder), pattern).Order(StringComparer.Ordinal).Last();
        var version = await MakeNewerAsync(path);

        await using var daemon = await DaemonProcess.StartAsync(Data, Cancel, Settings);

        using var ready = await daemon.Http.GetAsync("/readyz?service=EventService", Cancel);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var error = await RpcAssert.ReasonAsync(StatusCode.Unavailable, "MODEL_UNAVAILABLE", () => daemon.AppendAsync(ShoppingWorld.Interactions.Take(1), Cancel));
        Assert.Contains(path, error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains($"version {version}", error.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("salvage", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_GenerationOfANewerVersion_NamesTheFileAndServesTheOther()
    {
        var expected = Extract();
        var generation = Directory.EnumerateDirectories(Path.Combine(Model, "generations")).Single(path => path.Contains(expected.Serving, StringComparison.Ordinal));
        // It has the checksums of all others, and its number is that of the whole directory.
        var manifest = Path.Combine(generation, "manifest.json");
        await ReplaceAsync(manifest, "\"formatVersion\": 1", "\"formatVersion\": 3");

        await using var daemon = await DaemonProcess.StartAsync(Data, Cancel, Settings);
        await daemon.WaitUntilRecallServesAsync(Cancel);

        Assert.Equal(expected.Generations.Single(id => id != expected.Serving), (await daemon.RecallItemAsync("books-0", Cancel)).GenerationId);
        Assert.Contains(manifest, daemon.Output, StringComparison.Ordinal);
        Assert.Contains("format version 3", daemon.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ModelOfANewerVersion_IsNamedAndTheOthersServe()
    {
        Extract();
        await ReplaceAsync(Path.Combine(Data, "models", KeptData.FedModel, "model.json"), "\"formatVersion\": 1", "\"formatVersion\": 2");

        await using var daemon = await DaemonProcess.StartAsync(Data, Cancel, Settings);
        await daemon.WaitUntilRecallServesAsync(Cancel);

        var models = await daemon.Models.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancel);
        Assert.Contains("format version 2", Assert.Single(models.Unavailable).Reason, StringComparison.Ordinal);
        Assert.NotEmpty((await daemon.RecallItemAsync("books-0", Cancel)).Candidates);
    }

    private static async Task AnswersByDepartmentAsync(DaemonProcess daemon)
    {
        foreach (var department in ShoppingWorld.Departments)
        {
            var answer = await daemon.RecallItemAsync(ShoppingWorld.Item(department, 1), Cancel);
            Assert.StartsWith($"{department}-", answer.Candidates[0].ItemId, StringComparison.Ordinal);
        }
    }

    private ExpectedData Extract() => KeptData.Extract(KeptData.Newest(), Data);

    // Magic of eight bytes, then the version.
    private static async Task<int> MakeNewerAsync(string path)
    {
        var bytes = await File.ReadAllBytesAsync(path, Cancel);
        // Far above that of the file, which may be an older one.
        var version = bytes[8] += 10;
        // What follows is laid out as nobody knows yet.
        bytes[16] ^= 0xFF;
        await File.WriteAllBytesAsync(path, bytes, Cancel);
        return version;
    }

    private static async Task ReplaceAsync(string path, string from, string to)
    {
        var text = await File.ReadAllTextAsync(path, Cancel);
        Assert.Contains(from, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace(from, to, StringComparison.Ordinal), Cancel);
    }
}
