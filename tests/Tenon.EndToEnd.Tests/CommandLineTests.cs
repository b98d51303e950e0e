using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary>What every command promises about itself.</summary>
[Trait("tier", "slow")]
public sealed class CommandLineTests
{
    private const int Limit = 60_000;

    public static TheoryData<string> Commands() => new(Pages().Prepend(""));

    [Fact(Timeout = Limit)]
    public async Task The_page_of_the_command_line_is_what_the_commands_say()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(Tool.Repository, "docs", "command-line.md"), TestContext.Current.CancellationToken);
        (await Tool.TenonAsync("command-reference")).ShouldEndWith(0).Output.ShouldBe(page, "write it anew: tenon command-reference >docs/command-line.md");
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Commands))]
    public async Task Help_ends_with_examples(string command)
    {
        Ended ended = (await Tool.TenonAsync([.. Words(command), "--help"])).ShouldEndWith(0);
        ended.Errors.ShouldBeEmpty();
        string[] parts = ended.Output.Split("Examples:\n");
        parts.Length.ShouldBe(2, ended.Output);
        parts[1].ShouldContain("tenon ");
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Commands))]
    public async Task An_unknown_option_is_refused_in_a_line(string command)
    {
        Ended ended = (await Tool.TenonAsync([.. Words(command), "--no-such-option"])).ShouldEndWith(2);
        ended.Output.ShouldBeEmpty();
        string[] lines = ended.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Count(l => l.StartsWith("error: ", StringComparison.Ordinal)).ShouldBe(1, ended.Errors);
        lines[0].ShouldContain("--no-such-option");
        lines[1..].ShouldBe([$"See: {$"tenon {command}".TrimEnd()} --help"]);
    }

    private static string[] Words(string command) => command.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The commands, as the page names them; that the page is complete is another test.</summary>
    private static IEnumerable<string> Pages()
        => File.ReadLines(Path.Combine(Tool.Repository, "docs", "command-line.md"))
            .Where(l => l.StartsWith("## tenon ", StringComparison.Ordinal))
            .Select(l => l["## tenon ".Length..]);
}
