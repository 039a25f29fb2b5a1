using EmbeddingGrpc.Cli.Evaluation;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>Everything that a demo saw.</summary>
internal sealed class DemoResult
{
    private static readonly Answers Nothing = new([], []);

    public required DemoData Data { get; init; }

    public required StepClock Clock { get; init; }

    /// <summary>The users whose next item was asked for.</summary>
    public IReadOnlyList<HiddenItem> Asked { get; set; } = [];

    /// <summary>What the daemon answered for each of <see cref="Asked"/>.</summary>
    public Answers Users { get; set; } = Nothing;

    /// <summary>Which of <see cref="Asked"/> to show; chosen by their place, not by their answer.</summary>
    public IReadOnlyList<int> UsersShown { get; set; } = [];

    /// <summary>A few items and what is near them.</summary>
    public IReadOnlyList<(string ItemId, RecallResponse Response)> Neighbours { get; set; } = [];

    /// <summary>Popular items asked for the first time.</summary>
    public Answers Searched { get; set; } = Nothing;

    /// <summary>The same again.</summary>
    public Answers Remembered { get; set; } = Nothing;

    /// <summary>The same after a restart.</summary>
    public Answers FromRedis { get; set; } = Nothing;

    /// <summary>The figures.</summary>
    public DemoOutcome Outcome()
    {
        const int K = 10;
        var lists = Users.Responses.Select(response => (IReadOnlyList<string>)[.. response.Candidates.Select(candidate => candidate.ItemId)]).ToArray();
        var asked = Data.Split with { Hidden = Asked };
        return new DemoOutcome(
            Round(HitRate.Of(Asked, lists, K)),
            Round(HitRate.OfPopularity(asked, K)),
            Round(HitRate.OfChance(asked, K)),
            FromRedis.CountFrom(AnswerSource.Redis),
            Math.Round(Clock.TotalSeconds, 1));
    }

    private static double Round(double rate) => Math.Round(rate, 4);
}
