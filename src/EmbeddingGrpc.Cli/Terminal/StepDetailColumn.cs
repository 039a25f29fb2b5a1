using Spectre.Console;
using Spectre.Console.Rendering;

namespace EmbeddingGrpc.Cli.Terminal;

/// <summary>What else there is to say of a step, at the end of its line: there a text that changes its length does not move the bars.</summary>
internal sealed class StepDetailColumn : ProgressColumn
{
    /// <inheritdoc/>
    protected override bool NoWrap => true;

    /// <summary>Says it.</summary>
    public static void Set(ProgressTask task, string detail) => task.Tag = detail;

    /// <inheritdoc/>
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
        new Text(task.Tag as string ?? "", new Style(foreground: Color.Grey));
}
