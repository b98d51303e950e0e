using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Tenon.OpenStack.Configuration;

namespace Tenon.CommandLine;

/// <summary>Gives commands an "Examples" section in their help.</summary>
internal static class ExampleHelp
{
    /// <summary>How .NET prints a default that is a duration; it is typed like 5m.</summary>
    private static readonly Regex Spans = new(@"\b\d\d:\d\d:\d\d\b", RegexOptions.None, TimeSpan.FromSeconds(1));

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
            TextWriter output = parseResult.InvocationConfiguration.Output;
            using var text = new StringWriter();
            parseResult.InvocationConfiguration.Output = text;
            int code = usual.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output = output;
            output.Write(Spans.Replace(text.ToString(), span => Durations.Format(TimeSpan.Parse(span.Value, CultureInfo.InvariantCulture))));
            IReadOnlyList<string> examples = ExamplesOf(parseResult.CommandResult.Command);
            if (examples.Count == 0) return code;
            output.WriteLine("Examples:");
            foreach (string example in examples) output.WriteLine($"  {example}");
            return code;
        }
    }
}
