using System.Collections.Concurrent;
using System.Diagnostics;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>
/// Recalls for the shopping world's users and items until it is stopped: every answer is checked, every failure kept. Closed, with several in flight; or open,
/// where calls start on schedule whatever becomes of those before.
/// </summary>
internal sealed class RecallLoad : IAsyncDisposable
{
    private const int InFlight = 8;

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<RpcException> _failures = new();
    private readonly ConcurrentDictionary<string, int> _answers = new();
    private readonly Task _callers;
    private int _wrong;

    /// <summary>Begins at once.</summary>
    /// <param name="daemon">Whom to ask.</param>
    /// <param name="every">When the next call is due in an open load; null is a closed one.</param>
    public RecallLoad(DaemonProcess daemon, TimeSpan? every = null) => _callers = every is { } due
        ? OfferAsync(daemon, due)
        : Task.WhenAll(Enumerable.Range(0, InFlight).Select(caller => CallAsync(daemon, caller)));

    /// <summary>Calls that ended with an error.</summary>
    public IReadOnlyCollection<RpcException> Failures => _failures;

    /// <summary>Answers so far, by generation.</summary>
    public IReadOnlyDictionary<string, int> AnswersOf => _answers;

    /// <summary>Answers that were not of the user's department.</summary>
    public int Wrong => Volatile.Read(ref _wrong);

    public int Answered => _answers.Values.Sum();

    /// <summary>Waits until so many more calls were answered.</summary>
    public async Task AnswersAsync(int more, CancellationToken cancellationToken)
    {
        var goal = Answered + more;
        await Eventually.TrueAsync($"{goal} recalls are answered", () => Answered >= goal, cancellationToken);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _callers;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task CallAsync(DaemonProcess daemon, int caller)
    {
        for (var n = caller; !_stopping.IsCancellationRequested; n += InFlight)
        {
            await AskAsync(daemon, n);
            // A daemon that is gone refuses at once; the test is over in a moment.
            await Task.Yield();
        }
    }

    private async Task OfferAsync(DaemonProcess daemon, TimeSpan every)
    {
        var calls = new List<Task>();
        var began = Stopwatch.StartNew();
        while (!_stopping.IsCancellationRequested)
        {
            while (calls.Count * every < began.Elapsed) calls.Add(AskAsync(daemon, calls.Count));
            await Task.Delay(1);
        }

        await Task.WhenAll(calls);
    }

    private async Task AskAsync(DaemonProcess daemon, int n)
    {
        var department = ShoppingWorld.Departments[n % ShoppingWorld.Departments.Length];
        // Users are answered by search or from memory; items may come from Redis too.
        var request = n % 2 == 0
            ? new RecallRequest { User = new UserQuery { UserId = ShoppingWorld.User(department, n % ShoppingWorld.UsersPerDepartment) }, K = 5 }
            : new RecallRequest { Item = new ItemQuery { ItemId = ShoppingWorld.Item(department, n % ShoppingWorld.ItemsPerDepartment) }, K = 5 };
        try
        {
            var response = await daemon.Recall.RecallAsync(request, deadline: DateTime.UtcNow.AddSeconds(20));
            if (response.Candidates.Count == 0 || !response.Candidates[0].ItemId.StartsWith(department, StringComparison.Ordinal)) Interlocked.Increment(ref _wrong);
            _answers.AddOrUpdate(response.GenerationId, 1, (_, count) => count + 1);
        }
        catch (RpcException e)
        {
            _failures.Enqueue(e);
        }
    }
}
