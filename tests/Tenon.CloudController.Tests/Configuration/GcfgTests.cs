using Tenon.Core;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Tests.Configuration;

public class GcfgTests
{
    [Fact]
    public void Sections_and_options_keep_their_lines_and_their_order()
    {
        GcfgDocument document = GcfgDocument.Parse("# head\n[Global]\nauth-url = http://x\n\n[LoadBalancerClass \"DMZ one\"]\n  network-id=a\n");
        document.Problems.ShouldBeEmpty();
        document.Sections.Select(s => (s.Name, s.Subsection, s.Line)).ShouldBe([("Global", null, 2), ("LoadBalancerClass", "DMZ one", 5)]);
        document.Sections[0].Entries.ShouldBe([new GcfgEntry("auth-url", "http://x", 3)]);
        document.Sections[1].Entries.ShouldBe([new GcfgEntry("network-id", "a", 6)]);
    }

    [Theory]
    [InlineData("key = value", "value")]
    [InlineData("key=value", "value")]
    [InlineData("\t key =  two words  ", "two words")]
    [InlineData("key = value # comment", "value")]
    [InlineData("key = value ; comment", "value")]
    [InlineData("key = \"a # b ; c\"", "a # b ; c")]
    [InlineData("key = \"quote \\\" slash \\\\ line \\n tab \\t\"", "quote \" slash \\ line \n tab \t")]
    [InlineData("key = pre\"  mid  \"post", "pre  mid  post")]
    [InlineData("key = \"trailing  \"  ", "trailing  ")]
    [InlineData("key = one \\\n two", "one  two")]
    [InlineData("key = one\\\r\ntwo", "onetwo")]
    [InlineData("key =", "")]
    [InlineData("key = \"\"", "")]
    [InlineData("key = a=b", "a=b")]
    [InlineData("key = value\r", "value")]
    [InlineData("key", null)]
    [InlineData("key # comment", null)]
    public void A_value_is_read_as_gcfg_reads_it(string line, string? value)
    {
        GcfgDocument document = GcfgDocument.Parse($"[S]\n{line}\nnext = 1\n");
        document.Problems.ShouldBeEmpty();
        document.Sections[0].Entries[0].Value.ShouldBe(value);
        document.Sections[0].Entries[1].Name.ShouldBe("next");
    }

    [Fact]
    public void Lines_are_counted_through_continuations()
        => GcfgDocument.Parse("[S]\na = 1 \\\n 2 \\\n 3\nb = 4").Sections[0].Entries[1].Line.ShouldBe(5);

    [Fact]
    public void A_byte_order_mark_and_carriage_returns_are_skipped()
    {
        GcfgDocument document = GcfgDocument.Parse([0xEF, 0xBB, 0xBF, .. "[S]\r\na = b\r\n"u8]);
        document.Problems.ShouldBeEmpty();
        document.Sections[0].Entries.ShouldBe([new GcfgEntry("a", "b", 2)]);
    }

    [Theory]
    [InlineData("a = b", 1, "before any section")]
    [InlineData("[S]\na b", 2, "where '=' belongs")]
    [InlineData("[S]\na_b = c", 2, "'_'")]
    [InlineData("[S]\na = \"open", 2, "not closed")]
    [InlineData("[S]\na = \"bad \\q\"", 2, "no escape")]
    [InlineData("[S]\na = c:\\path", 2, "backslash outside quotes")]
    [InlineData("[S]\n= c", 2, "begins with '='")]
    [InlineData("[]", 1, "no section name")]
    [InlineData("[S", 1, "does not end with ']'")]
    [InlineData("[S.sub]", 1, "does not end with ']'")]
    [InlineData("[S \"\"]", 1, "empty subsection")]
    [InlineData("[S \"x]", 1, "not closed")]
    [InlineData("[S] a = b", 1, "followed by other text")]
    [InlineData("[S]\na = b\0c", 2, "NUL")]
    public void A_fault_is_reported_with_its_line(string text, int line, string says)
    {
        Problem problem = GcfgDocument.Parse(text).Problems.ShouldHaveSingleItem();
        problem.Severity.ShouldBe(ProblemSeverity.Error);
        problem.Line.ShouldBe(line);
        problem.Message.ShouldContain(says);
        problem.Fix.ShouldNotBeEmpty();
    }

    [Fact]
    public void Every_fault_of_a_file_is_reported_and_the_good_lines_are_kept()
    {
        GcfgDocument document = GcfgDocument.Parse("[Global]\na b\ngood = 1\nc = \"x\n[Route\nrouter-id = 2\n");
        document.Problems.Select(p => p.Line).ShouldBe([2, 4, 5]);
        document.Sections.SelectMany(s => s.Entries).Select(e => e.Name).ShouldBe(["good", "router-id"]);
    }

    [Fact]
    public void A_comment_that_cuts_a_value_is_warned_about_without_showing_the_value()
    {
        GcfgDocument document = GcfgDocument.Parse("[Global]\npassword = pass#word\n");
        document.Sections[0].Entries[0].Value.ShouldBe("pass");
        Problem problem = document.Problems.ShouldHaveSingleItem();
        problem.Severity.ShouldBe(ProblemSeverity.Warning);
        problem.Field.ShouldBe("[Global] password");
        problem.ToString().ShouldNotContain("pass#");
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_reported_with_their_line()
        => GcfgDocument.Parse([.. "[S]\na = "u8, 0xFF, 0xFE, (byte)'\n']).Problems.ShouldContain(p => p.Line == 2 && p.Message.Contains("UTF-8"));

    [Fact]
    public void An_entry_never_prints_its_value() => new GcfgEntry("password", "hunter2", 3).ToString().ShouldNotContain("hunter2");

    [Fact]
    public void Reading_never_throws_whatever_the_text()
    {
        char[] alphabet = ['[', ']', '"', '\\', '=', '#', ';', '\n', '\r', ' ', 'a', '-', '_', '.', '\0', 'é', '\uD800', '\uFEFF'];
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(0, 24)).Select(_ => alphabet[random.Next(alphabet.Length)])]);
            GcfgDocument document = GcfgDocument.Parse(text);
            int lines = text.Count(c => c == '\n') + 1;
            document.Problems.All(p => p.Line >= 1 && p.Line <= lines).ShouldBeTrue(text);
            document.Sections.SelectMany(s => s.Entries).All(e => e.Line >= 1 && e.Line <= lines).ShouldBeTrue(text);
        }
    }
}
