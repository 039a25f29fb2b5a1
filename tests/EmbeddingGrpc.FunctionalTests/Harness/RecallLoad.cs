using System.Collections.Concurrent;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>Recalls for the shopping world's users and items, several in flight, until it is stopped: every answer is checked, every failure kept.</summary>
internal sealed class RecallLoad : IAsyncDisposable
{
    private const int InFlight = 8;

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<RpcException> _failures = new();
    private readonly ConcurrentDictionary<string, int> _answers = new();
    private readonly Task _callers;
    private int _wrong;

    /// <summary>Begins at once.</summary>
    public RecallLoad(DaemonProcess daemon) => _callers = Task.WhenAll(Enumerable.Range(0, InFlight).Select(caller => CallAsync(daemon, caller)));

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
                // A daemon that is gone refuses at once; the test is over in a moment.
                await Task.Yield();
            }
        }
    }
}
