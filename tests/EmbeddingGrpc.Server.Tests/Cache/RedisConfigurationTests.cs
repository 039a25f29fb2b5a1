using EmbeddingGrpc.Server.Cache;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class RedisConfigurationTests
{
    [Theory]
    [InlineData("redis:6379", 10, 20_000)]
    [InlineData("redis:6379,asyncTimeout=60000", 10, 60_000)]
    [InlineData("redis:6379", 1, 5000)]
    public void Parse_AnyBudget_LeavesTheLibraryLongerThanTheBudget(string configuration, int budgetSeconds, int expected)
    {
        var options = new RedisOptions { Configuration = configuration, LookupBudget = TimeSpan.FromSeconds(budgetSeconds) };

        Assert.Equal(expected, RedisConfiguration.Parse(options).AsyncTimeout);
    }
}
