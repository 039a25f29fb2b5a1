using System.Globalization;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class LowPriorityThreadTests
{
    [Fact]
    public void Run_OnLinux_ThreadAndItsChildrenAreNiceAndTheCallerIsNot()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Threads have a nice value of their own on Linux only.");
        var before = Niceness();

        var (own, child) = LowPriorityThread.Run("nice", 12, () =>
        {
            var inherited = 0;
            var thread = new Thread(() => inherited = Niceness());
            thread.Start();
            thread.Join();
            return (Niceness(), inherited);
        });

        Assert.Equal((12, 12), (own, child));
        Assert.Equal(before, Niceness());
    }

    [Fact]
    public void Run_NicenessZero_IsAsImportantAsItsCaller()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Threads have a nice value of their own on Linux only.");

        Assert.Equal(Niceness(), LowPriorityThread.Run("not nice", 0, Niceness));
    }

    [Fact]
    public void Run_WorkThrows_ThrowsTheSameExceptionHere()
    {
        var thrown = new InvalidDataException("from inside");

        Assert.Same(thrown, Assert.Throws<InvalidDataException>(() => LowPriorityThread.Run<int>("throws", 5, () => throw thrown)));
    }

    // Field 19 of proc(5)'s stat; the name in parentheses may hold spaces, so that counting starts behind it at field 3.
    private static int Niceness()
    {
        var stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }
}
