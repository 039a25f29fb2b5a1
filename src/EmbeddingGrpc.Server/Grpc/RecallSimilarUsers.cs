using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Users;
using Google.Rpc;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Answers <c>SimilarUsers</c>. Thread-safe.</summary>
public sealed class RecallSimilarUsers(SimilarUserSearch search)
{
    private const int DefaultK = 10;

    /// <summary>Finds users who are like one.</summary>
    /// <exception cref="global::Grpc.Core.RpcException">INVALID_ARGUMENT, with each field at fault.</exception>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="SimilarUsersOffException">The daemon keeps no vectors of users.</exception>
    /// <exception cref="NoGenerationException">The model has never been trained.</exception>
    /// <exception cref="UserNotFoundException">Nothing is known of the user.</exception>
    public async Task<SimilarUsersResponse> FindAsync(SimilarUsersRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var violations = new List<BadRequest.Types.FieldViolation>();
        if (IdRules.Check(request.UserId) is { } wrong) violations.Add(new BadRequest.Types.FieldViolation { Field = "user_id", Description = wrong });
        var k = request.HasK ? request.K : DefaultK;
        if (k is < 1 or > RecallQuery.MaximumK)
            violations.Add(new BadRequest.Types.FieldViolation { Field = "k", Description = $"is {k}; must be 1..{RecallQuery.MaximumK}" });
        if (violations.Count > 0) throw RpcErrors.InvalidArgument(violations);

        var found = await search.FindAsync(request.Model, request.UserId, (int)k, cancellationToken);
        return new SimilarUsersResponse
        {
            GenerationId = found.GenerationId,
            Users = { found.Users.Select(user => new Protocol.V1.SimilarUser { UserId = user.UserId, Similarity = user.Similarity }) },
        };
    }
}
