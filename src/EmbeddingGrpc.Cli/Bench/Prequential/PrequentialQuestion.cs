using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Bench.Prequential;

/// <summary>One way of asking at each step: which model, and from which sources.</summary>
/// <param name="Model">The model.</param>
/// <param name="Policy">What its policy is called.</param>
/// <param name="Sources">What the sources are called.</param>
/// <param name="From">The sources; empty for all.</param>
internal sealed record PrequentialQuestion(string Model, string Policy, string Sources, IReadOnlyList<RecallSource> From)
{
    /// <summary>What is asked of the models of these policies. The live graph is one for all of them, as it is trained by nobody.</summary>
    public static IReadOnlyList<PrequentialQuestion> Of(IReadOnlyList<PrequentialPolicy> policies) =>
    [
        new(policies[0].Model, "any", "graph", [RecallSource.Graph]),
        .. policies.Select(policy => new PrequentialQuestion(policy.Model, policy.Name, "embeddings", [RecallSource.Embedding])),
        .. policies.Select(policy => new PrequentialQuestion(policy.Model, policy.Name, "all", [])),
    ];

    /// <summary>The request for a user's next item.</summary>
    public RecallRequest For(string user, int k) =>
        new() { Model = Model, User = new UserQuery { UserId = user }, K = (uint)k, ExcludeSeen = true, Sources = { From } };
}
