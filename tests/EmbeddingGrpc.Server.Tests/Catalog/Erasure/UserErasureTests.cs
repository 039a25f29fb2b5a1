using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Catalog.Erasure;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Tests.Grpc;
using EmbeddingGrpc.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Interaction = EmbeddingGrpc.EventLog.Interaction;
using InteractionType = EmbeddingGrpc.EventLog.InteractionType;

namespace EmbeddingGrpc.Server.Tests.Catalog.Erasure;

public sealed class UserErasureTests : IDisposable
{
    private const string Erased = "erase-me-0d8a3f";
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EraseUser_UserEverywhere_IsInNoByteOfTheDataDirectoryAnyMore()
    {
        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath))
        {
            await AppendUsersAsync(daemon, Erased, "stays");
            await daemon.Model.Events.Checkpoints.WriteAsync(onlyThis: false, Cancellation);
            await AppendUsersAsync(daemon, "later", Erased);
            await daemon.Model.Events.Checkpoints.WriteAsync(onlyThis: false, Cancellation);
            Assert.Equal(3, DirectoryScan.FilesWith(_folder.FullPath, Erased).Count);
            Assert.NotEqual(RecallBasis.Popular, (await RecallAsync(daemon, Erased)).Basis);

            var receipt = await EraseAsync(daemon, Erased);

            Assert.Empty(DirectoryScan.FilesWith(_folder.FullPath, Erased));
            Assert.Equal((6ul, (ulong)daemon.Model.Log.DurableOffset.Value), (receipt.InteractionsErased, receipt.LogOffset));
            Assert.Equal(
                ["event_log", "user_histories", "similar_users", "checkpoints", "memory_cache", "redis", "generations"], receipt.Stores.Select(store => store.Name));
            Assert.All(receipt.Stores, store => Assert.Equal(store.Name == "generations", store.FreeTime is null));
            Assert.Matches("^[0-9a-f]{64}$", receipt.UserHash);
            AssertHistories(daemon, erased: 0);
        }

        Assert.Empty(DirectoryScan.FilesWith(_folder.FullPath, Erased));
        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false))
        {
            await daemon.Model.Applier.WaitForAppliedAsync(daemon.Model.Log.DurableOffset, Cancellation);
            AssertHistories(daemon, erased: 0);
            Assert.Empty(DirectoryScan.FilesWith(_folder.FullPath, Erased));

            // Who comes back begins anew, also over the record that is still in the log.
            await AppendUsersAsync(daemon, Erased);
            AssertHistories(daemon, erased: 3);
        }
    }

    [Fact]
    public async Task EraseUser_AnswerInTheCache_IsDropped()
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath);
        await AppendUsersAsync(daemon, Erased);
        await RecallAsync(daemon, Erased);
        Assert.Equal(AnswerSource.Memory, (await RecallAsync(daemon, Erased)).Source);

        await EraseAsync(daemon, Erased);

        var answer = await RecallAsync(daemon, Erased);
        Assert.Equal((RecallBasis.Popular, AnswerSource.Search), (answer.Basis, answer.Source));
    }

    [Fact]
    public async Task EraseUser_ManyAtOnce_AreDoneTogether()
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false);
        var users = Enumerable.Range(0, 40).Select(user => $"erase-me-too-{user}-").ToArray();
        await AppendUsersAsync(daemon, [.. users, "stays"]);

        var receipts = await Task.WhenAll(users.Concat(users.Take(5)).Select(user => EraseAsync(daemon, user)));

        Assert.Empty(DirectoryScan.FilesWith(_folder.FullPath, "erase-me-too"));
        Assert.InRange(receipts.Select(receipt => receipt.LogOffset).Distinct().Count(), 1, 20);
        Assert.Equal(["stays"], daemon.Model.Log.Scan(default, daemon.Model.Log.DurableOffset, Cancellation).Select(entry => entry.Interaction.UserId).Distinct());
    }

    [Fact]
    public async Task EraseUser_UnknownUser_HasAReceiptToo()
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false);
        Assert.Equal(0ul, (await EraseAsync(daemon, "never seen")).InteractionsErased);
    }

    [Fact]
    public async Task EraseUser_FilesThatSalvagePutAside_AreNamedAsLeft()
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false);
        var left = Path.Combine(_folder.FullPath, "models", "default", "log", "00000000000000000000.log.damaged");
        await File.WriteAllTextAsync(left, Erased, Cancellation);

        var store = Assert.Single((await EraseAsync(daemon, Erased)).Stores, store => store.Name == "salvaged_files");

        Assert.Null(store.FreeTime);
        Assert.Contains(left, store.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\u0001b")]
    public async Task EraseUser_BadId_SaysWhatIsWrong(string userId)
    {
        await using var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false);
        var error = await Assert.ThrowsAsync<RpcException>(() => EraseAsync(daemon, userId));
        Assert.Equal("user_id", Assert.Single(error.GetRpcStatus()!.GetDetail<BadRequest>().FieldViolations).Field);
    }

    [Fact]
    public async Task Start_AfterACrashInTheMiddleOfAnErasure_FinishesIt()
    {
        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false))
        {
            await AppendUsersAsync(daemon, Erased, "stays", "noted only");
            await daemon.Model.Events.Checkpoints.WriteAsync(onlyThis: false, Cancellation);
        }

        // What a crash leaves behind: notes, one of them with its record, and a user who came back after it.
        var model = Path.Combine(_folder.FullPath, "models", "default");
        await using (var log = InteractionLog.Open(Path.Combine(model, "log"), new EventLogOptions(), TimeProvider.System, NullLogger.Instance))
        {
            var journal = new ErasureJournal(Path.Combine(model, "erasures"), new DurableFiles());
            journal.Begin("noted only");
            await log.AppendAsync(new AppendBatch([]) { Records = [new UserErased(journal.Begin(Erased))] }, Cancellation);
        }

        Assert.Equal(2, DirectoryScan.FilesWith(_folder.FullPath, Erased).Count);
        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false))
        {
            await daemon.Model.Applier.WaitForAppliedAsync(daemon.Model.Log.DurableOffset, Cancellation);
            Assert.Empty(DirectoryScan.FilesWith(_folder.FullPath, Erased));
            Assert.Equal(["key"], Directory.EnumerateFiles(Path.Combine(model, "erasures")).Select(path => Path.GetFileName(path)));
            AssertHistories(daemon, erased: 0);
            Assert.True(daemon.Model.Histories.TryRead("noted only", new HistoryEvent[daemon.Model.Histories.MaximumLength], out _, out _));
        }
    }

    [Fact]
    public async Task Start_AfterACrash_KeepsWhatAUserDidAfterTheRecord()
    {
        var model = Path.Combine(_folder.FullPath, "models", "default");
        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false)) await AppendUsersAsync(daemon, Erased, "stays");
        await using (var log = InteractionLog.Open(Path.Combine(model, "log"), new EventLogOptions(), TimeProvider.System, NullLogger.Instance))
        {
            var journal = new ErasureJournal(Path.Combine(model, "erasures"), new DurableFiles());
            await log.AppendAsync(new AppendBatch([]) { Records = [new UserErased(journal.Begin(Erased))] }, Cancellation);
            await log.AppendAsync(new AppendBatch([Click(Erased, 9)]), Cancellation);
        }

        await using (var daemon = await RecallDaemon.StartAsync(_folder.FullPath, train: false))
        {
            await daemon.Model.Applier.WaitForAppliedAsync(daemon.Model.Log.DurableOffset, Cancellation);
            AssertHistories(daemon, erased: 1);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static Interaction Click(string user, int item) => new(user, $"camp0-{item}", InteractionType.Click, 1_700_000_000_000 + item);

    private static async Task AppendUsersAsync(RecallDaemon daemon, params string[] users)
    {
        var offset = await daemon.AppendAsync([.. users.SelectMany(user => Enumerable.Range(0, 3).Select(item => Click(user, item)))]);
        await daemon.Model.Applier.WaitForAppliedAsync(new LogOffset((long)offset), Cancellation);
    }

    private static async Task<EraseUserResponse> EraseAsync(RecallDaemon daemon, string userId) =>
        await daemon.Catalog.EraseUserAsync(new EraseUserRequest { UserId = userId }, cancellationToken: Cancellation);

    private static Task<RecallResponse> RecallAsync(RecallDaemon daemon, string userId) =>
        daemon.RecallAsync(new RecallRequest { User = new UserQuery { UserId = userId } });

    private static void AssertHistories(RecallDaemon daemon, int erased)
    {
        var events = new HistoryEvent[daemon.Model.Histories.MaximumLength];
        daemon.Model.Histories.TryRead(Erased, events, out var count, out _);
        Assert.Equal(erased, count);
        Assert.True(daemon.Model.Histories.TryRead("stays", events, out count, out _));
        Assert.Equal(3, count);
    }
}
