using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;

namespace Tenon.CommandLine;

/// <summary>Gives commands an "Examples" section in their help.</summary>
internal static class ExampleHelp
{
    private static readonly ConditionalWeakTable<Command, string[]> Examples = [];

    /// <summary>Adds example command lines, printed below the options.</summary>
    public static TCommand WithExamples<TCommand>(this TCommand command, params string[] examples) where TCommand : Command
    {
        Examples.AddOrUpdate(command, examples);
        return command;
    }

    /// <summary>The examples of a command; empty when it has none.</summary>
    public static IReadOnlyList<string> ExamplesOf(Command command) => Examples.TryGetValue(command, out string[]? examples) ? examples : [];

    /// <summary>Makes the root's help option print the examples after the usual sections.</summary>
    public static void Install(RootCommand root)
    {
        foreach (HelpOption option in root.Options.OfType<HelpOption>())
        {
            if (option.Action is HelpAction usual) option.Action = new HelpWithExamples(usual);
        }
    }

    private sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => usual.ClearsParseErrors;

        public override int Invoke(ParseResult parseResult)
        {
            int code = usual.Invoke(parseResult);
            IReadOnlyList<string> examples = ExamplesOf(parseResult.CommandResult.Command);
            if (examples.Count == 0) return code;
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in examples) output.WriteLine($"  {example}");
            return code;
        }
    }
}
