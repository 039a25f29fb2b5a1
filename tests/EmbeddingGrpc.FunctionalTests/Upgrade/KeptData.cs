using System.IO.Compression;
using System.Text.Json;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddingGrpc.FunctionalTests.Upgrade;

/// <summary>
/// A data directory as a version of the daemon left it, kept as <c>Upgrade/data-N.zip</c> beside what that daemon said of it: with a log of several segments, producers, a
/// catalogue, an erased user, a checkpoint and what came after it, two generations of which the older one serves, and a second model. The same of generations that were
/// trained with a hierarchical softmax, which have no W2 of items, is <c>Upgrade/tree-N.zip</c>.
/// </summary>
/// <remarks>
/// When a format changes, keep the files that are there, and add one: <c>EMBEDDINGGRPC_KEEP_DATA=data-4 dotnet run -c Release --project tests/EmbeddingGrpc.FunctionalTests --
/// --filter-class "*UpgradeTests"</c> writes <c>data-4.zip</c>.
/// </remarks>
internal static class KeptData
{
    public const string Producer = "till-1";
    public const string FedModel = "fed";
    public const string DeletedItem = "tools-14";
    public const string ErasedUser = "e7c1-erased";

    private const string OfATree = "tree-";
    private const string OfItems = "data-";
    private const string ExpectedFile = "expected.json";
    private const int Numbered = 1500;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static string Folder { get; } = Path.Combine(Build.RepositoryRoot, "tests", "EmbeddingGrpc.FunctionalTests", "Upgrade");

    /// <summary>The kept files, by name; makes the one first that the environment asks for.</summary>
    public static IEnumerable<string> Names()
    {
        if (Environment.GetEnvironmentVariable("EMBEDDINGGRPC_KEEP_DATA") is { Length: > 0 } name) MakeAsync(name, CancellationToken.None).GetAwaiter().GetResult();
        return [.. NamesOf(OfItems), .. NamesOf(OfATree)];
    }

    /// <summary>The newest with generations of the usual kind.</summary>
    public static string Newest() => NamesOf(OfItems).Last();

    /// <summary>Those of a hierarchical softmax.</summary>
    public static IEnumerable<string> Trees() => NamesOf(OfATree);

    /// <summary>Settings of the daemon that wrote a kept directory.</summary>
    public static string[] SettingsOf(string name)
    {
        string[] settings = [.. ShoppingWorld.Settings, "--EmbeddingGrpc:Model:Log:SegmentSizeBytes=65536"];
        if (!name.StartsWith(OfATree, StringComparison.Ordinal)) return settings;
        return [.. settings, "--EmbeddingGrpc:Model:Training:Objective=SkipGramHierarchicalSoftmax", "--EmbeddingGrpc:Model:FoldIn:Enabled=false"];
    }

    /// <summary>Lays a kept directory out.</summary>
    public static ExpectedData Extract(string name, string directory)
    {
        ZipFile.ExtractToDirectory(Path.Combine(Folder, name), directory);
        var expected = Path.Combine(directory, ExpectedFile);
        var read = JsonSerializer.Deserialize<ExpectedData>(File.ReadAllText(expected), Json)!;
        File.Delete(expected);
        return read;
    }

    /// <summary>Asks a daemon what it has.</summary>
    public static async Task<ExpectedData> DescribeAsync(DaemonProcess daemon, CancellationToken cancellationToken)
    {
        await daemon.WaitUntilRecallServesAsync(cancellationToken);
        await Eventually.TrueAsync("everything is applied", async () => await daemon.GetModelAsync(cancellationToken) is var each && each.AppliedOffset == each.DurableOffset, cancellationToken);
        var model = await daemon.GetModelAsync(cancellationToken);
        var generations = await daemon.Models.ListGenerationsAsync(new ListGenerationsRequest(), cancellationToken: cancellationToken);
        var items = ShoppingWorld.Departments.Select(department => ShoppingWorld.Item(department, 1)).ToList();
        var vectors = await daemon.Recall.GetEmbeddingsAsync(new GetEmbeddingsRequest { ItemIds = { items } }, cancellationToken: cancellationToken);
        var catalogue = await daemon.Catalog.ListItemsAsync(new ListItemsRequest(), cancellationToken: cancellationToken);
        var answers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var department in ShoppingWorld.Departments)
        {
            var user = ShoppingWorld.User(department, 3);
            var answer = await daemon.Recall.RecallAsync(new RecallRequest { User = new UserQuery { UserId = user }, K = 5 }, cancellationToken: cancellationToken);
            answers[user] = $"{answer.Basis} {answer.Candidates[0].ItemId.Split('-')[0]}";
        }

        using var stream = await EventStreamCall.OpenAsync(daemon, Producer, cancellationToken);
        var fed = await daemon.Models.GetModelAsync(new GetModelRequest { Model = FedModel }, cancellationToken: cancellationToken);
        return new ExpectedData
        {
            DurableOffset = model.DurableOffset,
            Users = model.UserCount,
            Sequence = stream.StartedAt,
            Generations = [.. generations.Generations.Select(generation => generation.Id)],
            Serving = model.Serving.Id,
            Vectors = new(vectors.Embeddings.ToDictionary(vector => vector.ItemId, vector => vector.Values.ToArray()), StringComparer.Ordinal),
            Catalogue = new(catalogue.Items.ToDictionary(item => item.ItemId, Text), StringComparer.Ordinal),
            FirstAnswers = answers,
            FedDimension = fed.Model.Options["Training.Dimension"],
        };
    }

    private static string Text(Item item) =>
        string.Join("; ", item.Attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal).Select(attribute => $"{attribute.Key}: {attribute.Value}"));

    private static IEnumerable<string> NamesOf(string kind) =>
        Directory.EnumerateFiles(Folder, $"{kind}*.zip").Select(path => Path.GetFileName(path)).OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal);

    private static async Task MakeAsync(string name, CancellationToken cancellationToken)
    {
        Assert.Matches($"^({OfItems}|{OfATree})[1-9][0-9]*$", name);
        var path = Path.Combine(Folder, $"{name}.zip");
        using var data = new TemporaryDirectory();
        ExpectedData expected;
        await using (var daemon = await DaemonProcess.StartAsync(data.FullPath, cancellationToken, SettingsOf(name)))
        {
            using (var stream = await EventStreamCall.OpenAsync(daemon, Producer, cancellationToken))
            {
                foreach (var chunk in ShoppingWorld.Interactions.Take(Numbered).Chunk(100)) await stream.SendAsync(chunk);
                await stream.FinishAsync();
            }

            await FillCatalogueAsync(daemon, cancellationToken);
            var older = await daemon.TrainAsync(cancellationToken);
            await daemon.AppendAsync(ShoppingWorld.Interactions.Skip(Numbered), cancellationToken);
            await daemon.AppendAsync(ShoppingWorld.Interactions.Take(20).Select(interaction => new Interaction(interaction) { UserId = ErasedUser }), cancellationToken);
            // Rewrites what holds the user and leaves a checkpoint.
            await daemon.Catalog.EraseUserAsync(new EraseUserRequest { UserId = ErasedUser }, cancellationToken: cancellationToken);
            await daemon.TrainAsync(cancellationToken);
            await daemon.Models.PromoteGenerationAsync(new PromoteGenerationRequest { GenerationId = older.Id }, cancellationToken: cancellationToken);
            await daemon.Models.CreateModelAsync(
                new CreateModelRequest { Model = FedModel, EventsFrom = "default", Options = { ["Training.Dimension"] = "24" } }, cancellationToken: cancellationToken);
            await daemon.AppendAsync(ShoppingWorld.Interactions.Take(300).Select(interaction => new Interaction(interaction) { RecallId = $"answer-{interaction.Number}", Weight = 2 }), cancellationToken);
            expected = await DescribeAsync(daemon, cancellationToken);
            Assert.Equal(0, await daemon.StopAsync(cancellationToken));
        }

        File.Delete(data.File("daemon.lock"));
        File.Delete(data.File("models", "default", "log", "lock"));
        await File.WriteAllTextAsync(data.File(ExpectedFile), JsonSerializer.Serialize(expected, Json), cancellationToken);
        File.Delete(path);
        ZipFile.CreateFromDirectory(data.FullPath, path, CompressionLevel.SmallestSize, includeBaseDirectory: false);
    }

    private static async Task FillCatalogueAsync(DaemonProcess daemon, CancellationToken cancellationToken)
    {
        var request = new UpsertItemsRequest();
        foreach (var department in ShoppingWorld.Departments)
        {
            for (var number = 0; number < ShoppingWorld.ItemsPerDepartment; number++)
            {
                request.Items.Add(new Item
                {
                    ItemId = ShoppingWorld.Item(department, number),
                    Attributes =
                    {
                        ["title"] = new AttributeValue { Text = $"{department}, the {number}th" },
                        ["tags"] = new AttributeValue { TextSet = new TextSet { Values = { department, number % 2 == 0 ? "even" : "odd" } } },
                        ["price"] = new AttributeValue { Number = 1.5 * number },
                        ["sold_out"] = new AttributeValue { Boolean = number % 5 == 0 },
                        ["since"] = new AttributeValue { Timestamp = new Timestamp { Seconds = 1_500_000_000 + number } },
                    },
                });
            }
        }

        await daemon.Catalog.UpsertItemsAsync(request, cancellationToken: cancellationToken);
        await daemon.Catalog.DeleteItemAsync(new DeleteItemRequest { ItemId = DeletedItem }, cancellationToken: cancellationToken);
    }
}
