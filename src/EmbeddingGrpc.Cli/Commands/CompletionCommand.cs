using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Prints a script that teaches a shell to complete embedctl's command lines by asking embedctl itself.</summary>
internal sealed class CompletionCommand : EmbedCtlCommand
{
    private const string Bash = """
        _embedctl() {
          local IFS=$'\n'
          COMPREPLY=($(embedctl "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null))
        }
        complete -o default -F _embedctl embedctl
        """;

    private const string Zsh = """
        #compdef embedctl
        _embedctl() {
          local -a suggestions
          suggestions=("${(@f)$(embedctl "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -- $suggestions
          [[ -n $suggestions ]] || _files
        }
        compdef _embedctl embedctl
        """;

    private const string Fish = """
        complete -c embedctl -a '(set -l line (commandline -cp); embedctl "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)'
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName embedctl -ScriptBlock {
          param($word, $ast, $position)
          embedctl "[suggest:$position]" "$ast" | Where-Object { $_ -like "$word*" } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
          }
        }
        """;

    private readonly Argument<string> _shell = new("SHELL") { Description = "bash, zsh, fish or pwsh." };

    public CompletionCommand(CommandConsole console)
        : base(
            console,
            "completion",
            "Prints the shell's completion script. The script asks embedctl itself, so it never goes stale.",
            "source <(embedctl completion bash)",
            "embedctl completion fish > ~/.config/fish/completions/embedctl.fish")
    {
        _shell.AcceptOnlyWords("bash", "zsh", "fish", "pwsh");
        Add(_shell);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var script = arguments.GetRequiredValue(_shell) switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            "fish" => Fish,
            _ => PowerShell,
        };
        await Terminal.Output.WriteLineAsync(script.AsMemory(), cancellationToken);
        return ExitCode.Success;
    }
}
