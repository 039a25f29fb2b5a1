using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall.Blending;

namespace EmbeddingGrpc.Server.Tests.Recall.Blending;

public sealed class BlendQuestionsTests : IDisposable
{
    private readonly ItemKeys _items = new();
    private readonly UserHistories _histories = new(maximumLength: 4);
    private long _offset;

    public void Dispose() => _histories.Dispose();

    [Fact]
    public void Draw_Histories_AsksForTheLastItemThatIsNewAndTrains()
    {
        Apply("asked", "a", "b", "c");
        Apply("repeats", "a", "b", "a");
        Apply("short", "a");
        Apply("dislikes", "a", "b");
        Apply("dislikes", InteractionType.Dislike, 9, "c");
        Apply("long", "a", "b", "c", "d", "e", "f");

        var questions = Draw();

        Assert.Equal(["asked", "long"], questions.All.Select(question => question.UserId).Order());
        var longest = questions.All.Single(question => question.UserId == "long");
        Assert.Equal(["c", "d", "e"], longest.Before.Select(happened => _items.IdOf(happened.Item)));
        Assert.Equal("f", _items.IdOf(longest.Target.Item));
    }

    [Fact]
    public void Draw_FromATimeOn_PassesOverWhoStoppedBefore()
    {
        Apply("early", "a", "b");
        Apply("late", InteractionType.View, 50, "a", "b");

        Assert.Equal(["late"], Draw(fromMs: 50).All.Select(question => question.UserId));
    }

    [Fact]
    public void Draw_MoreThanWanted_AreChosenByTheirIdsWhateverTheOrder()
    {
        var users = Enumerable.Range(0, 200).Select(user => $"user-{user}").ToArray();
        foreach (var user in users) Apply(user, "a", "b");
        var other = new BlendQuestionsTests();
        foreach (var user in users.Reverse()) other.Apply(user, "a", "b");

        var drawn = Draw(most: 20).All.Select(question => question.UserId).ToArray();

        Assert.Equal(20, drawn.Length);
        Assert.Equal(drawn, other.Draw(most: 20).All.Select(question => question.UserId));
        Assert.NotEqual(drawn, Draw(most: 20, seed: 2).All.Select(question => question.UserId));
    }

    [Fact]
    public void Hides_InteractionsOfAskedUsers_TheAnswerAndWhatCameAfterIt()
    {
        Apply("asked", "a", "b", "c");
        var questions = Draw();

        bool Hides(string user, string item, long time) => questions.Hides(new Interaction(user, item, InteractionType.View, time));
        Assert.True(Hides("asked", "c", 2));
        Assert.True(Hides("asked", "x", 3));
        Assert.False(Hides("asked", "b", 2));
        Assert.False(Hides("asked", "c", 1));
        Assert.False(Hides("other", "c", 2));
    }

    private BlendQuestions Draw(long fromMs = long.MinValue, int most = 100, ulong seed = 1) =>
        BlendQuestions.Draw(_histories, _items, static (type, weight) => type != InteractionType.Dislike && weight > 0, fromMs, most, seed, TestContext.Current.CancellationToken);

    private void Apply(string user, params string[] items) => Apply(user, InteractionType.View, 0, items);

    private void Apply(string user, InteractionType type, long from, params string[] items)
    {
        foreach (var item in items) _histories.Apply(user, new HistoryEvent(_items.GetOrAdd(item), type, from++, 1), new LogOffset(_offset++));
    }
}
