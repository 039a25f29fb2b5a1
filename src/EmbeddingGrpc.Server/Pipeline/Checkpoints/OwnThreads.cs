using System.Runtime.ExceptionServices;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Does several things at the same time, each on a thread of its own: those of the pool have servers to start meanwhile. Stateless.</summary>
internal static class OwnThreads
{
    /// <summary>Returns when all is done, with the first failure.</summary>
    public static void Run(IEnumerable<Action> work)
    {
        try
        {
            Task.WaitAll([.. work.Select(each => Task.Factory.StartNew(each, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
