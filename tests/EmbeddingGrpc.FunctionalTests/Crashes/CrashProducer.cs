using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Crashes;

/// <summary>
/// Somebody who sends numbered interactions to a daemon that is killed again and again, goes on where it says that it stands, and remembers what it has sent and what was
/// acknowledged. Each interaction can be made anew from its number.
/// </summary>
internal sealed class CrashProducer(string name, bool streams, int seed)
{
    private const long FirstTimeMs = 1_700_000_000_000;
    private const int LargestBatch = 400;

    private readonly Random _random = new(seed);

    public string Name => name;

    /// <summary>The highest number that was ever sent.</summary>
    public ulong Sent { get; private set; }

    /// <summary>The highest number that was ever acknowledged.</summary>
    public ulong Acknowledged { get; private set; }

    /// <summary>Whether the daemon must refuse the interaction with a number: every producer sends some that are wrong.</summary>
    public static bool IsRefused(ulong number) => number % 97 == 0;

    /// <summary>Numbers have gaps.</summary>
    public static bool IsUsed(ulong number) => number % 31 != 0;

    /// <summary>The interaction with a number.</summary>
    public Interaction Interaction(ulong number) => new()
    {
        Number = number,
        UserId = $"{name}/user-{number % 53}",
        ItemId = $"{name}/{number}",
        Type = InteractionType.Click,
        EventTimeMs = FirstTimeMs + (long)number,
        Weight = IsRefused(number) ? -1 : 1,
    };

    /// <summary>Sends until the daemon is gone.</summary>
    /// <param name="daemon">Is killed meanwhile.</param>
    /// <param name="onSent">Told after each batch.</param>
    /// <param name="cancellationToken">Ends the test.</param>
    public async Task SendAsync(DaemonProcess daemon, Action onSent, CancellationToken cancellationToken)
    {
        try
        {
            if (streams) await StreamAsync(daemon, onSent, cancellationToken);
            else await AppendAsync(daemon, onSent, cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled && !cancellationToken.IsCancellationRequested)
        {
            // Killed: what was wanted.
        }
    }

    private async Task StreamAsync(DaemonProcess daemon, Action onSent, CancellationToken cancellationToken)
    {
        using var stream = await EventStreamCall.OpenAsync(daemon, name, cancellationToken);
        Assert.InRange(stream.StartedAt, Acknowledged, Sent);
        var next = stream.StartedAt + 1;
        var reading = ReadAsync(stream);
        try
        {
            while (!reading.IsCompleted)
            {
                await stream.SendAsync(Batch(ref next));
                onSent();
            }
        }
        finally
        {
            await reading;
        }
    }

    private async Task ReadAsync(EventStreamCall stream)
    {
        do Acknowledged = Math.Max(Acknowledged, stream.Acknowledged);
        while (await stream.ReadAsync());
    }

    private async Task AppendAsync(DaemonProcess daemon, Action onSent, CancellationToken cancellationToken)
    {
        // It is not told where the log stands: it begins with what was not acknowledged, and what is there already must be ignored.
        for (var next = Acknowledged + 1; ;)
        {
            var request = new AppendEventsRequest { Producer = new Producer { Name = name, Epoch = 1 }, Interactions = { Batch(ref next) } };
            onSent();
            var response = await daemon.Events.AppendEventsAsync(request, cancellationToken: cancellationToken);
            // More than what this request finished, where an earlier one was on disk and its answer was lost.
            Assert.InRange(response.DurableSequence, next - 1, Sent);
            Assert.Equal(request.Interactions.Where(sent => IsRefused(sent.Number)).Select(sent => sent.Number), response.Rejected.Select(rejected => rejected.Number));
            Acknowledged = response.DurableSequence;
            next = Acknowledged + 1;
        }
    }

    private List<Interaction> Batch(ref ulong next)
    {
        var batch = new List<Interaction>();
        for (var count = _random.Next(1, LargestBatch); count > 0; next++)
        {
            if (!IsUsed(next)) continue;
            batch.Add(Interaction(next));
            count--;
        }

        Sent = Math.Max(Sent, batch[^1].Number);
        next = batch[^1].Number + 1;
        return batch;
    }
}
