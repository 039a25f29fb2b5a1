using System.Text;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall.Admission;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>Finds users who are like a user. Thread-safe.</summary>
public sealed class SimilarUserSearch(ModelRegistry models, RecallOptions options, SearchGate gate)
{
    private readonly HistoryVector _vector = new(options);

    /// <summary>Finds them by the user's history as it is now.</summary>
    /// <param name="model">Name of the model; empty for the default one.</param>
    /// <param name="userId">The user.</param>
    /// <param name="k">How many, at least 1.</param>
    /// <param name="cancellationToken">The caller's deadline and cancellation.</param>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="ModelUnavailableException">The model is not open.</exception>
    /// <exception cref="SimilarUsersOffException">No vectors of users are kept.</exception>
    /// <exception cref="NoGenerationException">The model has never been trained.</exception>
    /// <exception cref="UserNotFoundException">The user has no history, or none that the generation knows an item of.</exception>
    /// <exception cref="RecallOverloadedException">There is more to search than can be done in time.</exception>
    public async Task<SimilarUserAnswer> FindAsync(string model, string userId, int k, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(userId);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        var runtime = models.Get(model);
        if (options.SimilarUsers.MaximumUsers == 0) throw new SimilarUsersOffException();
        while (true)
        {
            if (!runtime.Generations.TryLease(out var lease)) throw new NoGenerationException(runtime.Name);
            using (lease)
            {
                using var users = await runtime.UserVectors.LeaseAsync(lease.Generation, cancellationToken);
                // The generation was replaced meanwhile: ask the one that serves now.
                if (users.Vectors is not { } vectors) continue;
                using var place = await gate.EnterAsync(isTaken: false, cancellationToken);
                return new SimilarUserAnswer(Find(runtime, lease.Generation, vectors, userId, k, cancellationToken), lease.Generation.IdText);
            }
        }
    }

    private List<SimilarUser> Find(ModelRuntime model, Generation generation, UserVectors vectors, string userId, int k, CancellationToken cancellationToken)
    {
        var histories = model.Histories;
        var history = new HistoryEvent[histories.MaximumLength];
        if (!histories.TryRead(userId, history, out var count, out _))
            throw new UserNotFoundException(userId, $"User '{userId}' has no history in model '{model.Name}'.");
        var vector = new float[vectors.Dimension];
        var space = new RecallSpace(generation, model.Items, model.Graph);
        if (!_vector.TryMake(space, history.AsSpan(0, count), RecallScratch.Current, vector))
        {
            throw new UserNotFoundException(
                userId, $"Generation {generation.IdText} of model '{model.Name}' knows none of the items that speak for user '{userId}'.");
        }

        var id = new byte[UserDirectory.MaximumIdBytes];
        var stored = new StoredEvent[histories.MaximumLength];
        var similar = new List<SimilarUser>(k);
        foreach (var near in vectors.Nearest(vector, k, vectors.HashOf(userId), cancellationToken))
            if (vectors.TryRead(near.Item, id, stored, out var record))
                similar.Add(new SimilarUser(Encoding.UTF8.GetString(id, 0, record.IdLength), Math.Clamp(near.Score, -1, 1)));
        return similar;
    }
}
